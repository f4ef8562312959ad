"""Make, change and delete sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.db import why_unstorable
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sources.flow.keeping import drop_in
from opulse.monitoring.sources.models import (
    NAME_LENGTH,
    Adapter,
    Fault,
    Hold,
    Settings,
    Source,
    SourceDraft,
    SourceProblem,
    SourceRefused,
)
from opulse.monitoring.sources.registry import ADAPTERS
from opulse.monitoring.sources.store import holds
from opulse.monitoring.sources.store import sources as rows
from opulse.ports import Ports
from opulse.tenancy import audit_in

LONGEST_LIFE = 90 * 24 * 3600
_TAKEN = "Another source has this name; choose a different one."


async def list_sources(ports: Ports, tenant: int) -> list[Source]:
    """All sources, by name."""
    return await ports.db.read(list_sources_in, tenant)


def list_sources_in(conn: Connection, tenant: int) -> list[Source]:
    """The same inside the caller's unit."""
    return rows.list_sources(conn, tenant)


async def find_source(ports: Ports, tenant: int, source_id: str) -> Source | None:
    """One source."""
    return await ports.db.read(rows.find_source, tenant, source_id)


async def list_faults(ports: Ports, tenant: int, source_id: str) -> list[Fault]:
    """What the source refused lately, the last first."""
    return await ports.db.read(holds.list_faults, tenant, source_id)


async def list_holds(ports: Ports, tenant: int, source_id: str, limit: int) -> list[Hold]:
    """What the source holds triggered, the latest first."""
    return await ports.db.read(holds.list_holds_of, tenant, source_id, limit)


async def create_source(ports: Ports, tenant: int, draft: SourceDraft, actor: str) -> Source:
    """Add a source; without a time to live it gets the usual one of its kind.

    Raises:
        SourceRefused: with what to mend.
    """
    try:
        return await ports.db.write(create_source_in, tenant, draft, actor, ports.clock.now())
    except IntegrityError as error:  # made by somebody else since we looked
        raise SourceRefused(SourceProblem.NAME, {"name": _TAKEN}) from error


def create_source_in(conn: Connection, tenant: int, draft: SourceDraft, actor: str, now: datetime) -> Source:
    """:func:`create_source` inside another unit."""
    source = _checked(draft, Source(str(uuid4()), draft.kind, "", {}, None, True, now))
    _refuse_taken(conn, tenant, source)
    rows.insert_source(conn, tenant, source)
    audit_in(conn, tenant, actor, "source.created", source.name, None, describe(source), now)
    return source


async def change_source(
    ports: Ports, evaluator: Evaluator, tenant: int, source_id: str, draft: SourceDraft, actor: str
) -> Source | None:
    """Save the form again. Switched off, a source lets go of what it holds. None: there is no such source.

    Raises:
        SourceRefused: with what to mend; the kind stays what it is.
    """
    now = ports.clock.now()
    try:
        after = await ports.db.write(change_source_in, tenant, source_id, draft, actor, now)
    except IntegrityError as error:
        raise SourceRefused(SourceProblem.NAME, {"name": _TAKEN}) from error
    if after is None:
        return None
    if not after.enabled:
        await _let_go(ports, evaluator, tenant, source_id, now)
    return await find_source(ports, tenant, source_id)


def change_source_in(
    conn: Connection, tenant: int, source_id: str, draft: SourceDraft, actor: str, now: datetime
) -> Source | None:
    """:func:`change_source` inside another unit. Of one that is switched off, the caller lets go what it holds."""
    before = rows.find_source(conn, tenant, source_id)
    if before is None:
        return None
    after = _checked(replace(draft, kind=before.kind), before)
    _refuse_taken(conn, tenant, after)
    rows.update_source(conn, tenant, after, now)
    holds.set_life(conn, tenant, source_id, after.life)
    audit_in(conn, tenant, actor, "source.changed", after.name, describe(before), describe(after), now)
    return after


async def delete_source(ports: Ports, evaluator: Evaluator, tenant: int, source_id: str, actor: str) -> bool:
    """Clear what it holds and forget it; its sensors stay. False: there is no such source."""
    found = await find_source(ports, tenant, source_id)
    if found is None:
        return False
    now = ports.clock.now()
    off = replace(found, enabled=False)  # nothing is taken any more while it lets go
    await ports.db.write(rows.update_source, tenant, off, now)
    await _let_go(ports, evaluator, tenant, source_id, now)
    return await ports.db.write(delete_source_in, tenant, source_id, actor, now)


def delete_source_in(conn: Connection, tenant: int, source_id: str, actor: str, now: datetime) -> bool:
    """Forget it, inside another unit. The caller has let go what it holds."""
    found = rows.find_source(conn, tenant, source_id)
    if found is None:
        return False
    rows.delete_source(conn, tenant, source_id)
    audit_in(conn, tenant, actor, "source.deleted", found.name, describe(found), None, now)
    return True


def let_go_in(conn: Connection, tenant: int, source_id: str, now: datetime) -> None:
    """Clear all that the source holds, inside another unit."""
    while drop_in(conn, tenant, source_id, now):
        pass


def find_adapter(kind: str) -> Adapter:
    """The adapter of this kind.

    Raises:
        SourceRefused: there is none here.
    """
    adapter = ADAPTERS.get(kind)
    if adapter is None:
        words = f"There is no kind {kind!r} here; there are {', '.join(sorted(ADAPTERS))}."
        raise SourceRefused(SourceProblem.KIND, {"kind": words})
    return adapter


def check_settings(adapter: Adapter, given: Mapping[str, Any]) -> Settings:
    """The settings, checked.

    Raises:
        SourceRefused: ``what`` names each field that cannot be used.
    """
    try:
        return adapter.settings.model_validate(dict(given))
    except ValidationError as error:
        what = {
            str(one["loc"][0]) if one["loc"] else "settings": _sentence(one["msg"]) for one in error.errors()
        }
        raise SourceRefused(SourceProblem.SETTINGS, what) from error


def describe(source: Source) -> dict[str, Any]:
    """For the audit trail."""
    return {
        "name": source.name,
        "kind": source.kind,
        "enabled": source.enabled,
        "life_seconds": 0 if source.life is None else int(source.life.total_seconds()),
        "settings": dict(source.settings),
    }


async def _let_go(ports: Ports, evaluator: Evaluator, tenant: int, source_id: str, now: datetime) -> None:
    while await ports.db.write(drop_in, tenant, source_id, now):
        pass
    await evaluator.follow(tenant)


def _checked(draft: SourceDraft, source: Source) -> Source:
    adapter = find_adapter(draft.kind)
    name = draft.name.strip()
    if not name or len(name) > NAME_LENGTH or why_unstorable(name):
        sentence = f"A source has a name of at most {NAME_LENGTH} characters."
        raise SourceRefused(SourceProblem.NAME, {"name": sentence})
    settings = check_settings(adapter, draft.settings)
    if why := why_unstorable(settings.model_dump()):
        raise SourceRefused(SourceProblem.SETTINGS, {"settings": f"This cannot be kept: {why}."})
    life = adapter.life if draft.life is None else draft.life
    if not 0 <= life <= LONGEST_LIFE:
        sentence = f"A time to live is from 0 (for ever) to {LONGEST_LIFE} seconds."
        raise SourceRefused(SourceProblem.LIFE, {"life": sentence})
    if life == 0 and not (adapter.ends_itself and getattr(settings, "can_clear", True)):
        sentence = "Nothing else clears what this source triggers: give it a time to live."
        raise SourceRefused(SourceProblem.LIFE, {"life": sentence})
    return replace(
        source,
        name=name,
        settings=settings.model_dump(mode="json"),
        life=timedelta(seconds=life) if life else None,
        enabled=draft.enabled,
    )


def _refuse_taken(conn: Connection, tenant: int, source: Source) -> None:
    if rows.is_name_taken(conn, tenant, source.name, besides=source.id):
        raise SourceRefused(SourceProblem.NAME, {"name": _TAKEN})


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
