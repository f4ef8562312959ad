"""Who uses which systems, asked from the person's side, and whose a system is when somebody says so by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.facts import keep_facts_in
from opulse.monitoring.systems.flow.users import set_users_in
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX, SystemUser, UsedSystem, UserLine
from opulse.monitoring.systems.rules.people import name_primary
from opulse.monitoring.systems.store import groups, systems, users
from opulse.ports import Ports
from opulse.tenancy import audit_in

MOST_SHOWN = 500
"""Systems of one user: kiosks and service accounts use more than anybody reads."""


class NoSuchUser(Exception):
    """The system has no user of that id now."""


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some users of systems by id, and the id to go on after (empty: these were the last)."""

    lines: list[UserLine]
    next: str


async def list_users(ports: Ports, tenant: int, search: str, after: str, limit: int) -> UserPage:
    """Users of systems whose id, address or name contains ``search``, by casefolded id, beyond ``after``."""
    found = await ports.db.read(users.list_lines, tenant, search.strip(), after, limit + 1)
    shown = found[:limit]
    return UserPage(shown, shown[-1].user.user_id.casefold() if len(found) > limit else "")


async def list_used(ports: Ports, tenant: int, user_id: str) -> list[UsedSystem]:
    """The systems that the user uses now, by name; none when nobody knows the user."""
    return await ports.db.read(_list_used, tenant, user_id.casefold())


async def set_primary(ports: Ports, tenant: int, guid: str, user_id: str | None, actor: str) -> bool:
    """From now on this user is the system's primary one, or nobody is. False: there is no such system.

    An import or a request that says who the primary user is has the last word again.

    Raises:
        NoSuchUser: the system has no user of that id.
    """
    return await ports.db.write(set_primary_in, tenant, guid, user_id, actor, ports.clock.now())


def set_primary_in(
    conn: Connection, tenant: int, guid: str, user_id: str | None, actor: str, now: datetime
) -> bool:
    """:func:`set_primary`, inside a unit. Others who set the same system's users wait."""
    system = views.find_system(conn, tenant, guid)
    if system is None:
        return False
    groups.lock_members(conn, tenant, ALL_SYSTEMS_IDX)
    before = [span.user for span in users.list_open(conn, tenant, [system.idx])]
    wanted = name_primary(before, None if user_id is None else user_id.casefold())
    if wanted is None:
        raise NoSuchUser(user_id)
    if set_users_in(conn, tenant, {system.idx: wanted}, now):
        keep_facts_in(conn, tenant, [system], now)
        audit_in(
            conn,
            tenant,
            actor,
            "system.primary_user_set",
            system.name,
            _primary(before),
            _primary(wanted),
            now,
        )
    return True


def _primary(known: list[SystemUser]) -> dict[str, str]:
    return {"primary_user": ", ".join(user.user_id for user in known if user.is_primary)}


def _list_used(conn: Connection, tenant: int, key: str) -> list[UsedSystem]:
    spans = {span.system: span for span in users.list_of_user(conn, tenant, key, MOST_SHOWN)}
    found = systems.list_by_idx(conn, tenant, spans)
    used = [
        UsedSystem(one, spans[one.idx].user, spans[one.idx].valid_from) for one in found if not one.deleted
    ]
    return sorted(used, key=lambda one: one.system.name.casefold())
