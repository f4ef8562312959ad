"""Retirement: a system that has been silent for long counts nowhere, keeps its groups, and is back with its next report.

Retired systems are a bitmap like a group's members, beside the groups: whoever counts takes them out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.db import chunked
from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.members import write_members_in
from opulse.monitoring.systems.models import (
    ALL_SYSTEMS_IDX,
    RETIRED_IDX,
    Comparison,
    LastReports,
    System,
)
from opulse.monitoring.systems.store import groups, systems
from opulse.monitoring.systems.store.reports import read_last_reports
from opulse.observe import get_logger
from opulse.ports import Ports
from opulse.tenancy import audit_in, list_tenants

_AT_ONCE = 2000
AUTOMATIC = "automatic"
"""Who retires in the audit trail when nobody does it by hand."""

log = get_logger("retirement")


async def retire_system(ports: Ports, tenant: int, guid: str, actor: str) -> bool:
    """By hand. It is back with its next report all the same. False: there is no such system."""
    return await ports.db.write(_retire_one_in, tenant, guid, actor, ports.clock.now())


async def restore_system(ports: Ports, tenant: int, guid: str, actor: str) -> bool:
    """By hand: the system counts again, and its silence is measured anew from now. False: there is no such system."""
    return await ports.db.write(_restore_one_in, tenant, guid, actor, ports.clock.now())


async def retire_silent(ports: Ports) -> None:
    """Retire what has been silent for as long as the setting says, of every tenant; nothing where it says never."""
    after = ports.limits.retire_after
    if after is None:
        return
    for tenant in await ports.db.read(list_tenants):
        silent = await ports.db.read(_list_silent, tenant.id, after, ports.clock.now())
        for chunk in chunked(silent, _AT_ONCE):
            await ports.db.write(_retire_silent_in, tenant.id, BitMap(chunk), after, ports.clock.now())


def retire_in(conn: Connection, tenant: int, chosen: BitMap, now: datetime) -> BitMap:
    """Take systems out of every count; those that are retired now and were not before."""
    members = groups.lock_all_members(conn, tenant)
    before = members.get(RETIRED_IDX, BitMap())
    fresh = (chosen & members[ALL_SYSTEMS_IDX]) - before
    _set_retired_in(conn, tenant, members, before | fresh, fresh, now)
    systems.set_retired(conn, tenant, fresh, now, now)
    return fresh


def restore_in(conn: Connection, tenant: int, chosen: BitMap, now: datetime) -> BitMap:
    """Let retired systems count again, in the groups that they never left; which of them were retired."""
    members = groups.lock_all_members(conn, tenant)
    before = members.get(RETIRED_IDX, BitMap())
    back = chosen & before
    _set_retired_in(conn, tenant, members, before - back, back, now)
    systems.set_retired(conn, tenant, back, None, now)
    return back


def _set_retired_in(
    conn: Connection, tenant: int, members: dict[int, BitMap], retired: BitMap, changed: BitMap, now: datetime
) -> None:
    if not changed:
        return
    groups.ensure_retired(conn, tenant, now)
    write_members_in(conn, tenant, RETIRED_IDX, members.pop(RETIRED_IDX, BitMap()), retired, now)
    for idx, own in members.items():
        if own.intersect(changed):
            groups.set_size(conn, tenant, idx, len(own - retired))


def _list_silent(conn: Connection, tenant: int, after: timedelta, now: datetime) -> BitMap:
    """Silence is measured to the newest report of all: while nobody could be heard, nobody fell silent."""
    reports = read_last_reports(conn, tenant, now)
    if not reports.by_hour:
        return BitMap()
    heard_until = min(now, max(reports.by_hour) + timedelta(hours=1))
    silent = LastReports(reports.by_hour, heard_until).having(Comparison.MORE, after)
    unheard = systems.list_unheard_since(conn, tenant, heard_until - after) - reports.ever()
    waited_for = systems.list_restored_after(conn, tenant, heard_until - after)
    living = groups.find_members(conn, tenant, ALL_SYSTEMS_IDX)
    return ((silent | unheard) & living) - waited_for - groups.find_members(conn, tenant, RETIRED_IDX)


def _retire_silent_in(conn: Connection, tenant: int, chosen: BitMap, after: timedelta, now: datetime) -> None:
    fresh = retire_in(conn, tenant, chosen, now)
    if fresh:
        change = {"reporting": len(fresh)}, {"systems": len(fresh), "days": after.days}
        audit_in(conn, tenant, AUTOMATIC, "systems.retired", "silent systems", *change, now)
        log.info("systems retired", tenant=tenant, systems=len(fresh))


def _retire_one_in(conn: Connection, tenant: int, guid: str, actor: str, now: datetime) -> bool:
    system = views.find_system(conn, tenant, guid)
    if system is None:
        return False
    if retire_in(conn, tenant, BitMap([system.idx]), now):
        audit_in(conn, tenant, actor, "system.retired", system.name, *_shown(system, retired=True), now)
    return True


def _restore_one_in(conn: Connection, tenant: int, guid: str, actor: str, now: datetime) -> bool:
    system = views.find_system(conn, tenant, guid)
    if system is None:
        return False
    if restore_in(conn, tenant, BitMap([system.idx]), now):
        systems.set_restored(conn, tenant, system.idx, now)
        audit_in(conn, tenant, actor, "system.restored", system.name, *_shown(system, retired=False), now)
    return True


def _shown(system: System, *, retired: bool) -> tuple[dict[str, str | bool], dict[str, str | bool]]:
    """Before and after."""
    return (
        {"system_id": system.guid, "retired": not retired},
        {"system_id": system.guid, "retired": retired},
    )
