"""Sources as a part of the tenant's configuration: kind, settings, time to live. Not their addresses, which have ids in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import Connection

from opulse.monitoring.sources.flow import saving
from opulse.monitoring.sources.models import Source, SourceDraft, SourceRefused
from opulse.monitoring.sources.registry import ADAPTERS
from opulse.tenancy.sections import Change, Entry, Section, Work, keyed

NAME = "sources"


class SourceEntry(Entry):
    """``life_seconds`` 0: for ever. Settings that are left out are those of the kind."""

    kind: str
    settings: dict[str, Any] = Field(default_factory=dict)
    life_seconds: int = 0
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        """What is left out, as saving would fill it in: else the same document would differ each time."""
        if not isinstance(given, dict) or given.get("kind") not in ADAPTERS:
            return given
        adapter = ADAPTERS[given["kind"]]
        try:
            settings = saving.check_settings(adapter, given.get("settings") or {}).model_dump(mode="json")
        except SourceRefused as refused:
            raise ValueError("; ".join(f"{name}: {text}" for name, text in refused.what.items())) from refused
        return {"life_seconds": adapter.life, **given, "settings": dict(sorted(settings.items()))}


def _list_in(conn: Connection, tenant: int) -> dict[str, Source]:
    return keyed((source.name, source) for source in saving.list_sources_in(conn, tenant))


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, SourceEntry]:
    return {
        key: SourceEntry(
            kind=source.kind,
            settings=dict(source.settings),
            life_seconds=int(source.life.total_seconds()) if source.life else 0,
            enabled=source.enabled,
        )
        for key, source in _list_in(conn, tenant).items()
    }


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    known = _list_in(work.conn, work.tenant)
    for change in changes:
        entry: SourceEntry = change.after
        found = known.get(change.key)
        if found is not None and found.kind != entry.kind:
            text = f"Its kind stays {found.kind}; a source of another kind has another name."
            work.refuse(NAME, change.key, text, "kind")
            continue
        draft = SourceDraft(entry.kind, change.key, entry.settings, entry.life_seconds, entry.enabled)
        try:
            if found is None:
                saving.create_source_in(work.conn, work.tenant, draft, work.actor, work.now)
            else:
                saving.change_source_in(work.conn, work.tenant, found.id, draft, work.actor, work.now)
        except SourceRefused as refused:
            for field, text in refused.what.items():
                where = {"name": (), "kind": ("kind",), "life": ("life_seconds",)}.get(
                    field, ("settings", field)
                )
                work.refuse(NAME, change.key, text, *where)
            continue
        if found is not None and not entry.enabled:
            saving.let_go_in(work.conn, work.tenant, found.id, work.now)


def _remove_in(work: Work, keys: Sequence[str]) -> None:
    known = _list_in(work.conn, work.tenant)
    for key in keys:
        saving.let_go_in(work.conn, work.tenant, known[key].id, work.now)
        saving.delete_source_in(work.conn, work.tenant, known[key].id, work.actor, work.now)


SECTIONS = (Section(NAME, SourceEntry, _read_in, _save_in, _remove_in),)
