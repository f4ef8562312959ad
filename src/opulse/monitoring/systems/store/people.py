"""Rows of people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select

from opulse.db import json_list, upsert
from opulse.monitoring.systems.models import Person
from opulse.monitoring.systems.store.tables import people

_CHANGEABLE = (
    "user_name",
    "user_key",
    "account",
    "account_key",
    "email",
    "first_name",
    "last_name",
    "display_name",
    "department",
    "language",
    "is_active",
    "updated_at",
)


def write_people(conn: Connection, tenant: int, changed: Sequence[Person]) -> None:
    """Add or change people by id; raises ``IntegrityError`` when a user name is taken."""
    upsert(conn, people, [_row(tenant, one) for one in changed], key=("tenant", "id"), change=_CHANGEABLE)


def delete_person(conn: Connection, tenant: int, person: str) -> None:
    """The directory knows nothing of the person any more."""
    conn.execute(delete(people).where(people.c.tenant == tenant, people.c.id == person))


def find_person(conn: Connection, tenant: int, person: str) -> Person | None:
    """The one with this id."""
    row = conn.execute(select(people).where(people.c.tenant == tenant, people.c.id == person)).first()
    return None if row is None else _person(row)


def find_by_user_names(conn: Connection, tenant: int, keys: Iterable[str]) -> dict[str, Person]:
    """People by their casefolded user names."""
    listed = json_list(conn, keys)
    rows = conn.execute(
        select(people).where(people.c.tenant == tenant, people.c.user_key.in_(select(listed.c.value)))
    )
    return {row.user_key: _person(row) for row in rows}


def find_by_keys(conn: Connection, tenant: int, keys: Iterable[str]) -> dict[str, Person]:
    """People by casefolded user name, else by casefolded account."""
    wanted = set(keys)
    found: dict[str, Person] = {}
    for column in (people.c.account_key, people.c.user_key):  # the user name has the last word
        listed = json_list(conn, wanted)
        rows = conn.execute(
            select(people, column.label("key")).where(
                people.c.tenant == tenant, column.in_(select(listed.c.value))
            )
        )
        found |= {row.key: _person(row) for row in rows}
    found.pop("", None)
    return found


def list_people(
    conn: Connection, tenant: int, start: int, limit: int, which: dict[str, str]
) -> tuple[int, list[Person]]:
    """How many there are, and those from the ``start``-th on (from 0), by user name. ``which``: column → text it must have,
    compared without case."""
    wanted: list[ColumnElement[bool]] = [people.c.tenant == tenant]
    for name, value in which.items():
        wanted.append(_matches(name, value))
    total = conn.execute(select(func.count()).select_from(people).where(*wanted)).scalar_one()
    rows = conn.execute(select(people).where(*wanted).order_by(people.c.user_key).offset(start).limit(limit))
    return int(total), [_person(row) for row in rows]


def _matches(name: str, value: str) -> ColumnElement[bool]:
    folded = value.casefold()
    if name == "user_name":
        return people.c.user_key == folded
    if name == "account":
        return people.c.account_key == folded
    if name == "email":
        return func.lower(people.c.email) == folded
    return people.c[name] == value


def _row(tenant: int, one: Person) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "id": one.id,
        "user_name": one.user_name,
        "user_key": one.user_name.casefold(),
        "account": one.account,
        "account_key": one.account.casefold(),
        "email": one.email,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "display_name": one.display_name,
        "department": one.department,
        "language": one.language,
        "is_active": one.is_active,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


def _person(row: Any) -> Person:
    return Person(
        row.id,
        row.user_name,
        row.account,
        row.email,
        row.first_name,
        row.last_name,
        row.display_name,
        row.department,
        row.language,
        row.is_active,
        row.created_at,
        row.updated_at,
    )
