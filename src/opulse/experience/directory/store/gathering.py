"""Put chosen contacts into groups of a change set by the values that they have now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, literal, select, update

from opulse.db import json_list
from opulse.experience.directory.store.changes import value_key
from opulse.experience.directory.store.tables import (
    change_groups,
    change_members,
    change_sets,
    contacts,
    list_members,
)


def list_present(conn: Connection, tenant: int, directory: str, ids: Sequence[str]) -> list[str]:
    """Those of ``ids`` that are contacts of the directory, in order."""
    listed = json_list(conn, ids)
    query = select(contacts.c.id).where(
        contacts.c.tenant == tenant,
        contacts.c.directory == directory,
        contacts.c.deleted.is_(False),
        contacts.c.id.in_(select(listed.c.value)),
    )
    return list(conn.execute(query.order_by(contacts.c.id)).scalars())


def insert_members_behind(
    conn: Connection,
    tenant: int,
    change_set: str,
    ids: Sequence[str],
    fields: Sequence[str],
    created_at: datetime,
    prefix: str,
) -> None:
    """Put each contact into the group whose key is ``prefix`` and the key of the contact's values; who is in one stays there."""
    key = literal(prefix) + value_key(conn, fields, created_at)
    listed = json_list(conn, ids)
    known = (
        select(change_members.c.contact)
        .where(change_members.c.tenant == tenant, change_members.c.change_set == change_set)
        .scalar_subquery()
    )
    found = (
        select(literal(tenant), literal(change_set), contacts.c.id, change_groups.c.number)
        .select_from(contacts)
        .join(
            change_groups,
            (change_groups.c.tenant == contacts.c.tenant)
            & (change_groups.c.change_set == change_set)
            & (change_groups.c.key == key),
        )
        .where(
            contacts.c.tenant == tenant,
            contacts.c.id.in_(select(listed.c.value)),
            contacts.c.id.not_in(known),
        )
    )
    conn.execute(insert(change_members).from_select(["tenant", "change_set", "contact", "number"], found))


def add_count(conn: Connection, tenant: int, change_set: str, more: int) -> None:
    conn.execute(
        update(change_sets)
        .where(change_sets.c.tenant == tenant, change_sets.c.id == change_set)
        .values(count=change_sets.c["count"] + more)
    )


def list_directories_of(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, str]:
    """Contact → its directory, of those that are still there."""
    listed = json_list(conn, ids)
    rows = conn.execute(
        select(contacts.c.id, contacts.c.directory).where(
            contacts.c.tenant == tenant,
            contacts.c.deleted.is_(False),
            contacts.c.id.in_(select(listed.c.value)),
        )
    )
    return {row.id: row.directory for row in rows}


def list_members_after(conn: Connection, tenant: int, list_id: str, after: str, limit: int) -> list[str]:
    """The next members of a mailing list behind ``after``, in order."""
    query = select(list_members.c.contact).where(
        list_members.c.tenant == tenant, list_members.c.list == list_id, list_members.c.contact > after
    )
    return list(conn.execute(query.order_by(list_members.c.contact).limit(limit)).scalars())


def list_ids_by_name(
    conn: Connection, tenant: int, directory: str, names: Sequence[str]
) -> dict[str, list[str]]:
    """Full name in lower case, with one space between → the contacts of that name."""
    full = contacts.c.first_name_key + " " + contacts.c.last_name_key
    listed = json_list(conn, names)
    rows = conn.execute(
        select(full.label("full"), contacts.c.id).where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.deleted.is_(False),
            full.in_(select(listed.c.value)),
        )
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.full, []).append(row.id)
    return found
