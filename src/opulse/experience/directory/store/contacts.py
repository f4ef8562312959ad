"""Contacts and who is on which list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from opulse.db import (
    Instant,
    insert_fast,
    insert_ignoring_known,
    json_list,
    json_merge,
    stored_instant,
)
from opulse.experience.directory.models import Contact
from opulse.experience.directory.store.tables import contacts, directories


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
    """New contacts of one directory."""
    insert_ignoring_known(conn, contacts, rows)
    if rows:
        count_more(conn, rows[0]["tenant"], rows[0]["directory"], len(rows))


_FRESH = (
    "id",
    "first_name",
    "last_name",
    "email",
    "email_key",
    "ext_ref",
    "ext_ref_key",
    "phone",
    "language",
    "time_zone",
    "embedded",
    "unsubscribed",
)


def insert_fresh(
    conn: Connection, tenant: int, directory: str, rows: Sequence[tuple[Any, ...]], now: datetime
) -> None:
    """New contacts, by the thousand. ``rows``: values in the order of _FRESH, the embedded data as JSON text."""
    at = stored_instant(now)
    names = (*_FRESH, "unsubscribed_at", "tenant", "directory", "deleted", "created_at", "updated_at")
    same = (tenant, directory, False, at, at)
    insert_fast(conn, contacts, names, [(*row, at if row[-1] else None, *same) for row in rows])
    count_more(conn, tenant, directory, len(rows))


def look_at_growth(conn: Connection) -> None:
    """PostgreSQL plans by what it has counted: unless told, it takes a table that grew by a million for an empty one."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("ANALYZE contacts")


def count_more(conn: Connection, tenant: int, directory: str, difference: int) -> None:
    """Contacts came into the directory, or left it."""
    if difference:
        conn.execute(
            update(directories)
            .where(directories.c.tenant == tenant, directories.c.id == directory)
            .values(contacts=directories.c.contacts + difference)
        )


def find_contacts(conn: Connection, tenant: int, directory: str, ids: Iterable[str]) -> list[Contact]:
    """Those of ``ids`` that are contacts of the directory."""
    wanted = json_list(conn, ids)
    rows = conn.execute(
        select(contacts).where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.id.in_(select(wanted.c.value)),
            contacts.c.deleted.is_(False),
        )
    )
    return [contact_of(row) for row in rows]


def update_contacts(conn: Connection, tenant: int, changed: Sequence[Mapping[str, Any]]) -> None:
    """Write all main fields, their keys and the embedded data of each; ``opts_out`` opts out at ``now``."""
    if changed:
        conn.execute(_UPDATE, [{**one, "of_tenant": tenant} for one in changed])


_WRITTEN = (
    "first_name",
    "last_name",
    "email",
    "email_key",
    "ext_ref",
    "ext_ref_key",
    "phone",
    "language",
    "time_zone",
    "embedded",
)
_OPTS_OUT = bindparam("opts_out", type_=Boolean())
_UPDATE = (
    update(contacts)
    .where(contacts.c.tenant == bindparam("of_tenant"), contacts.c.id == bindparam("contact"))
    .values(
        {name: bindparam(name) for name in _WRITTEN}
        | {
            "unsubscribed": or_(contacts.c.unsubscribed, _OPTS_OUT),
            "unsubscribed_at": case(
                (_OPTS_OUT, bindparam("now", type_=Instant())), else_=contacts.c.unsubscribed_at
            ),
            "updated_at": bindparam("now", type_=Instant()),
        }
    )
)


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


def directory_of(conn: Connection, tenant: int, contact: str) -> str:
    """The directory of a contact, deleted or not; empty: nobody has the id."""
    query = select(contacts.c.directory).where(contacts.c.tenant == tenant, contacts.c.id == contact)
    return str(conn.execute(query).scalar() or "")


def embedded_text(conn: Connection, name: str) -> ColumnElement[Any]:
    """A contact's value under one name of embedded data, as text; NULL where there is none."""
    if conn.dialect.name == "postgresql":
        return contacts.c.embedded.op("->>", return_type=Text())(cast(literal(name), Text))
    return contacts.c.embedded.op("->>", return_type=Text())(f'$."{name}"')


def _ids_by(
    conn: Connection, tenant: int, directory: str, column: ColumnElement[str], keys: Iterable[str]
) -> dict[str, str]:
    here = and_(contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.deleted.is_(False))
    if conn.dialect.name == "postgresql":
        rows = conn.execute(_probe_each(here, column, list(keys)))
    else:
        wanted = json_list(conn, keys)
        rows = conn.execute(
            select(column, func.min(contacts.c.id))
            .where(here, column.in_(select(wanted.c.value)))
            .group_by(column)
        )
    return {row[0]: row[1] for row in rows if row[1] is not None}


def _probe_each(here: ColumnElement[bool], column: ColumnElement[str], keys: list[str]) -> Select[Any]:
    """One probe of the key's index for each key. ``min`` of a bare id would tempt PostgreSQL to walk the ids instead."""
    wanted = func.unnest(bindparam(None, keys, type_=ARRAY(Text()))).column_valued("wanted")
    probe = select(func.min(contacts.c.id + "")).where(here, column == wanted)
    return select(wanted, probe.scalar_subquery())


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
        time_zone=row.time_zone,
    )
