"""Contacts and who is on which list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import Instant, as_json, insert_ignoring_known, json_list, json_merge, listed
from opulse.experience.directory.models import Contact
from opulse.experience.directory.store.tables import contacts, list_members


def find_contact(conn: Connection, tenant: int, directory: str, contact: str) -> Contact | None:
    row = conn.execute(
        select(contacts).where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.id == contact,
            contacts.c.deleted.is_(False),
        )
    ).one_or_none()
    return None if row is None else contact_of(row)


def list_contacts(
    conn: Connection, tenant: int, directory: str, *, search: str = "", after: str = "", limit: int = 50
) -> list[Contact]:
    """Contacts by id, from the one after ``after``; ``search`` finds the start of an address, a name or an account."""
    query = select(contacts).where(
        contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.deleted.is_(False)
    )
    if search:
        start = search.strip().lower()
        query = query.where(
            or_(
                contacts.c.email_key.startswith(start, autoescape=True),
                contacts.c.ext_ref_key.startswith(start, autoescape=True),
                func.lower(contacts.c.last_name).startswith(start, autoescape=True),
                func.lower(contacts.c.first_name).startswith(start, autoescape=True),
            )
        )
    if after:
        query = query.where(contacts.c.id > after)
    return [contact_of(row) for row in conn.execute(query.order_by(contacts.c.id).limit(limit))]


def count_contacts(conn: Connection, tenant: int, directory: str) -> int:
    query = (
        select(func.count())
        .select_from(contacts)
        .where(contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.deleted.is_(False))
    )
    return int(conn.execute(query).scalar_one())


def find_ids_by_ext_ref(conn: Connection, tenant: int, directory: str, keys: Iterable[str]) -> dict[str, str]:
    """Lower-case external reference → contact id, always the same one where two share it."""
    return _ids_by(conn, tenant, directory, contacts.c.ext_ref_key, keys)


def find_ids_by_email(conn: Connection, tenant: int, directory: str, keys: Iterable[str]) -> dict[str, str]:
    """Lower-case address → contact id, always the same one where two share it."""
    return _ids_by(conn, tenant, directory, contacts.c.email_key, keys)


def lock_contacts(conn: Connection, tenant: int, ids: Iterable[str]) -> None:
    """Hold these rows until the transaction ends, in id order (PostgreSQL; SQLite has one writer anyway)."""
    if conn.dialect.name != "postgresql":
        return
    listed = json_list(conn, ids)
    conn.execute(
        select(contacts.c.id)
        .where(contacts.c.tenant == tenant, contacts.c.id.in_(select(listed.c.value)))
        .order_by(contacts.c.id)
        .with_for_update()
    )


def insert_contacts(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    insert_ignoring_known(conn, contacts, rows)


def update_contact(conn: Connection, tenant: int, contact: str, changes: Mapping[str, Any]) -> None:
    conn.execute(
        update(contacts).where(contacts.c.tenant == tenant, contacts.c.id == contact).values(dict(changes))
    )


def merge_members(
    conn: Connection,
    tenant: int,
    members: Select[Any],
    patch: Mapping[str, Any],
    alarm_until: datetime | None,
    now: datetime,
) -> None:
    """Lay the flat ``patch`` over the embedded data of the contacts that ``members`` selects, in one statement."""
    values: dict[str, Any] = {"embedded": json_merge(conn, contacts.c.embedded, patch), "updated_at": now}
    if alarm_until is not None:
        values["alarm_until"] = alarm_until
    conn.execute(
        update(contacts).where(contacts.c.tenant == tenant, contacts.c.id.in_(members)).values(values)
    )


def clear_ended_alarms(conn: Connection, fields: Sequence[str], now: datetime, limit: int) -> int:
    """Take ``fields`` out of contacts whose alarm has ended; at most ``limit`` of them. Returns how many."""
    ended = (
        select(contacts.c.tenant, contacts.c.id).where(contacts.c.alarm_until <= now).limit(limit).subquery()
    )
    cleared: ColumnElement[Any]
    if conn.dialect.name == "postgresql":
        cleared = contacts.c.embedded
        for name in fields:
            cleared = cleared.op("-")(cast(literal(name), Text))
    else:
        cleared = func.json_remove(contacts.c.embedded, *(f'$."{name}"' for name in fields))
    done = conn.execute(
        update(contacts)
        .where(
            select(literal(1))
            .where(and_(ended.c.tenant == contacts.c.tenant, ended.c.id == contacts.c.id))
            .exists()
        )
        .values(embedded=cleared, alarm_until=None, updated_at=now)
    )
    return int(done.rowcount)


def insert_members(conn: Connection, tenant: int, list_id: str, ids: Iterable[str], now: datetime) -> None:
    """Put contacts on a list; who is on it already stays as they are, opt-out and all."""
    given = {"of_tenant": tenant, "of_list": list_id, "ids": as_json(sorted(ids)), "now": now}
    conn.execute(_insert_members(conn.dialect.name), given)


@cache
def _insert_members(dialect: str) -> Any:
    """Built once: it runs for every page of an incident, nearly always for people who are on the list already."""
    wanted = listed(dialect, "ids")
    columns: dict[str, ColumnElement[Any]] = {
        "tenant": cast(bindparam("of_tenant"), Integer),
        "list": cast(bindparam("of_list"), Text),
        "contact": wanted.c.value,
        "unsubscribed": literal(False),
        "added_at": cast(bindparam("now", type_=Instant()), Instant),
    }
    # The WHERE keeps SQLite from taking ON CONFLICT for a join's ON.
    chosen = select(*columns.values()).where(wanted.c.value != "")
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(list_members).from_select(list(columns), chosen).on_conflict_do_nothing()


def set_unsubscribed(conn: Connection, tenant: int, contact: str, out: bool, now: datetime) -> None:
    """Opt the contact out of the directory, or in again."""
    values = {"unsubscribed": out, "unsubscribed_at": now if out else None, "updated_at": now}
    update_contact(conn, tenant, contact, values)


def set_list_unsubscribed(
    conn: Connection, tenant: int, list_id: str, contact: str, out: bool, now: datetime
) -> None:
    """Opt the contact out of one list, or in again."""
    conn.execute(
        update(list_members)
        .where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            list_members.c.contact == contact,
        )
        .values(unsubscribed=out, unsubscribed_at=now if out else None)
    )


def _ids_by(
    conn: Connection, tenant: int, directory: str, column: ColumnElement[str], keys: Iterable[str]
) -> dict[str, str]:
    wanted = json_list(conn, keys)
    rows = conn.execute(
        select(column, func.min(contacts.c.id))
        .where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.deleted.is_(False),
            column.in_(select(wanted.c.value)),
        )
        .group_by(column)
    )
    return {row[0]: row[1] for row in rows}


def contact_of(row: Any) -> Contact:
    return Contact(
        id=row.id,
        directory=row.directory,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        ext_ref=row.ext_ref,
        phone=row.phone,
        language=row.language,
        embedded=row.embedded,
        unsubscribed=row.unsubscribed,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
