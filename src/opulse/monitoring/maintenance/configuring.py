"""Maintenance windows as a part of the tenant's configuration: those that are not over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import AwareDatetime
from sqlalchemy import Connection

from opulse.monitoring.maintenance import flow, views
from opulse.monitoring.maintenance.models import MaintenanceWindow, Repeat, WindowDraft, WindowRefused
from opulse.monitoring.systems.configuring import map_names_in
from opulse.tenancy.sections import Change, Entry, Section, Work, keyed

NAME = "maintenance_windows"


class WindowEntry(Entry):
    """Times are those of the first occurrence."""

    group: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    repeat: Repeat = Repeat.ONCE
    zone: str = "UTC"
    until: AwareDatetime | None = None


def _list_in(conn: Connection, tenant: int, now: datetime) -> dict[str, MaintenanceWindow]:
    return keyed((window.name, window) for window in views.list_windows(conn, tenant, now))


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, WindowEntry]:
    return {
        key: WindowEntry(
            group=window.group_name,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            repeat=window.repeat,
            zone=window.zone,
            until=window.until,
        )
        for key, window in _list_in(conn, tenant, now).items()
    }


def _is_over(entry: WindowEntry, now: datetime) -> bool:
    last = entry.ends_at if entry.repeat is Repeat.ONCE else entry.until
    return last is not None and last <= now


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    """A window that is changed ends, and the new one is planned in its place: what was is read in past incidents."""
    known, groups = _list_in(work.conn, work.tenant, work.now), map_names_in(work.conn, work.tenant)
    for change in changes:
        entry: WindowEntry = change.after
        before = known.get(change.key)
        if before is not None:
            flow.end_window_in(work.conn, work.tenant, work.actor, before.id, work.now)
        draft = WindowDraft(
            name=before.name if before else change.key,
            group_id=groups.get(entry.group, ""),
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            repeat=entry.repeat.value,
            zone=entry.zone,
            until=entry.until,
        )
        try:
            flow.plan_window_in(work.conn, work.tenant, work.actor, draft, work.now)
        except WindowRefused as refused:
            for problem in refused.problems:
                where = "group" if problem.field == "group_id" else problem.field
                text = f"There is no group {entry.group!r}." if where == "group" else problem.text
                work.refuse(NAME, change.key, text, where)


def _remove_in(work: Work, keys: Sequence[str]) -> None:
    known = _list_in(work.conn, work.tenant, work.now)
    for key in keys:
        flow.end_window_in(work.conn, work.tenant, work.actor, known[key].id, work.now)


SECTIONS = (Section(NAME, WindowEntry, _read_in, _save_in, _remove_in, _is_over),)
