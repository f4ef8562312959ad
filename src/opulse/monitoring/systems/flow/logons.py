"""Who is logged on to a system, as its agent says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from opulse.monitoring.systems import rules, views
from opulse.monitoring.systems.flow.facts import keep_facts_in
from opulse.monitoring.systems.flow.users import set_users_in
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX, Logon, System, SystemUser, UserSpan
from opulse.monitoring.systems.store import groups, users
from opulse.ports import Ports


async def keep_logons(ports: Ports, tenant: int, guid: str, logons: Sequence[Logon]) -> bool:
    """From now on exactly these are logged on to the system. False: there is no such living system.

    What somebody else has said of its users (names, addresses, who is primary) stays. Mostly nothing is new, as when a whole
    fleet starts in the morning after an import; then nothing is written.
    """
    now = ports.clock.now()
    found = await ports.db.read(_find, tenant, guid, logons, now)
    if found is not None and found.changes:
        return await ports.db.write(keep_logons_in, tenant, guid, logons, now)
    return found is not None


def keep_logons_in(conn: Connection, tenant: int, guid: str, logons: Sequence[Logon], now: datetime) -> bool:
    """:func:`keep_logons`, inside a unit. An import that sets the same system's users waits, so that neither undoes the other.

    It goes the way of all that says who uses a system: people lend their addresses, and groups by rule follow.
    """
    groups.lock_members(conn, tenant, ALL_SYSTEMS_IDX)
    found = _find(conn, tenant, guid, logons, now)
    if found is not None and found.changes:
        set_users_in(conn, tenant, {found.system.idx: found.wanted}, now)
        keep_facts_in(conn, tenant, [found.system], now)
    return found is not None


class _Found(NamedTuple):
    system: System
    wanted: tuple[SystemUser, ...]  # its users from now on
    changes: list[UserSpan]  # what that would write; empty: nothing is new


def _find(conn: Connection, tenant: int, guid: str, logons: Sequence[Logon], now: datetime) -> _Found | None:
    """None: there is no such living system."""
    system = views.find_system(conn, tenant, guid)
    if system is None:
        return None
    spans = users.list_open(conn, tenant, [system.idx])
    wanted = rules.lay_logons_over([span.user for span in spans], logons, now)
    holding = {span.user.user_id.casefold(): span for span in spans}
    return _Found(system, wanted, rules.diff_users(system.idx, wanted, holding, now))
