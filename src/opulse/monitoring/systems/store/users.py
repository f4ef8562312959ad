"""Who used which system from when to when. A change closes one row and opens another, so any past moment can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, or_, select, true

from opulse.db import seek, upsert
from opulse.monitoring.systems.models import FOREVER, SystemUser, UserLine, UserSpan
from opulse.monitoring.systems.store.tables import system_users

_KEY = ("tenant", "system", "user_key", "valid_from")
_OF_A_LINE = ("user_id", "email", "first_name", "last_name", "language", "department")
_VALUES = (
    "valid_to",
    "user_id",
    "email",
    "first_name",
    "last_name",
    "language",
    "is_primary",
    "is_logged_on",
    "last_logon",
    "department",
)


def list_open(conn: Connection, tenant: int, idxs: Iterable[int]) -> list[UserSpan]:
    """The links of these systems that hold now."""
    return _list(conn, tenant, idxs, system_users.c.valid_to == FOREVER)


def list_as_of(conn: Connection, tenant: int, idxs: Iterable[int], at: datetime) -> list[UserSpan]:
    """The links of these systems that held at ``at``."""
    return _list(conn, tenant, idxs, system_users.c.valid_from <= at, system_users.c.valid_to > at)


def list_systems_of(conn: Connection, tenant: int, keys: Iterable[str]) -> list[int]:
    """Systems that people with these casefolded user ids use now."""
    theirs = select(system_users.c.system).where(
        system_users.c.tenant == tenant, system_users.c.valid_to == FOREVER
    )
    found = seek(conn, theirs, system_users.c.user_key, keys)
    return sorted(set(found.scalars()))


def list_lines(conn: Connection, tenant: int, search: str, after: str, limit: int) -> list[UserLine]:
    """Users of systems beyond the casefolded id ``after``, by id, whose id, address or name contains ``search``."""
    held = system_users.c
    names = (held.user_key, func.lower(held.email), func.lower(held.first_name + " " + held.last_name))
    rows = conn.execute(
        select(
            *(func.max(held[name]).label(name) for name in _OF_A_LINE),
            func.count().label("systems"),
            func.sum(case((held.is_primary, 1), else_=0)).label("primaries"),
            func.sum(case((held.is_logged_on, 1), else_=0)).label("logged_on"),
            func.max(held.last_logon).label("last_logon"),
        )
        .where(
            held.tenant == tenant,
            held.valid_to == FOREVER,
            held.user_key > after,
            or_(*(name.contains(search.casefold(), autoescape=True) for name in names)) if search else true(),
        )
        .group_by(held.user_key)
        .order_by(held.user_key)
        .limit(limit)
    )
    return [
        UserLine(
            SystemUser(
                row.user_id,
                row.email,
                row.first_name,
                row.last_name,
                row.language,
                row.primaries > 0,
                row.logged_on > 0,
                row.last_logon,
                row.department,
            ),
            row.systems,
            row.primaries,
            row.logged_on,
        )
        for row in rows
    ]


def list_of_user(conn: Connection, tenant: int, key: str, limit: int) -> list[UserSpan]:
    """What holds of one user now, by system; at most ``limit``."""
    rows = conn.execute(
        select(system_users)
        .where(
            system_users.c.tenant == tenant,
            system_users.c.user_key == key,
            system_users.c.valid_to == FOREVER,
        )
        .order_by(system_users.c.system)
        .limit(limit)
    )
    return [_span(row) for row in rows]


def write_spans(conn: Connection, tenant: int, spans: Sequence[UserSpan]) -> None:
    """Add the spans; one that is known by system, user and start gets the new values (so it can be closed)."""
    upsert(conn, system_users, [_row(tenant, span) for span in spans], key=_KEY, change=_VALUES)


def _list(conn: Connection, tenant: int, idxs: Iterable[int], *when: Any) -> list[UserSpan]:
    theirs = select(system_users).where(system_users.c.tenant == tenant, *when)
    found = seek(conn, theirs, system_users.c.system, idxs, numbers=True).all()
    return [_span(row) for row in sorted(found, key=lambda row: (row.system, row.user_key))]


def _row(tenant: int, span: UserSpan) -> dict[str, Any]:
    user = span.user
    return {
        "tenant": tenant,
        "system": span.system,
        "user_key": user.user_id.casefold(),
        "valid_from": span.valid_from,
        "valid_to": span.valid_to,
        "user_id": user.user_id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "language": user.language,
        "is_primary": user.is_primary,
        "is_logged_on": user.is_logged_on,
        "last_logon": user.last_logon,
        "department": user.department,
    }


def _span(row: Any) -> UserSpan:
    user = SystemUser(
        row.user_id,
        row.email,
        row.first_name,
        row.last_name,
        row.language,
        row.is_primary,
        row.is_logged_on,
        row.last_logon,
        row.department,
    )
    return UserSpan(row.system, user, row.valid_from, row.valid_to)
