"""Who is logged on to a system, as its agent says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.systems import rules, views
from opulse.monitoring.systems.flow.facts import keep_facts_in
from opulse.monitoring.systems.flow.users import set_users_in
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX, Logon, UserSpan
from opulse.monitoring.systems.store import groups, users
from opulse.ports import Ports


async def keep_logons(ports: Ports, tenant: int, guid: str, logons: Sequence[Logon]) -> bool:
    """From now on exactly these are logged on to the system. False: there is no such living system.

    What somebody else has said of its users (names, addresses, who is primary) stays. Mostly nothing is new, as when a whole
    fleet starts in the morning after an import; then nothing is written.
    """
    now = ports.clock.now()
    changes = await ports.db.read(_find_changes, tenant, guid, logons, now)
    if changes:
        return await ports.db.write(keep_logons_in, tenant, guid, logons, now)
    return changes is not None


def keep_logons_in(conn: Connection, tenant: int, guid: str, logons: Sequence[Logon], now: datetime) -> bool:
    """:func:`keep_logons`, inside a unit. An import that sets the same system's users waits, so that neither undoes the other."""
    groups.lock_members(conn, tenant, ALL_SYSTEMS_IDX)
    changes = _find_changes(conn, tenant, guid, logons, now)
    if changes:
        _write_in(conn, tenant, guid, logons, now)
    return changes is not None


def _write_in(conn: Connection, tenant: int, guid: str, logons: Sequence[Logon], now: datetime) -> None:
    """As everything that says who uses a system: people lend their addresses, and groups by rule follow."""
    system = views.find_system(conn, tenant, guid)
    assert system is not None
    known = [span.user for span in users.list_open(conn, tenant, [system.idx])]
    set_users_in(conn, tenant, {system.idx: rules.lay_logons_over(known, logons, now)}, now)
    keep_facts_in(conn, tenant, [system], now)


def _find_changes(
    conn: Connection, tenant: int, guid: str, logons: Sequence[Logon], now: datetime
) -> list[UserSpan] | None:
    """The spans to write; None: there is no such living system."""
    system = views.find_system(conn, tenant, guid)
    if system is None:
        return None
    spans = users.list_open(conn, tenant, [system.idx])
    wanted = rules.lay_logons_over([span.user for span in spans], logons, now)
    holding = {span.user.user_id.casefold(): span for span in spans}
    return rules.diff_users(system.idx, wanted, holding, now)
