"""Declared fields, and what is being done to a field on all contacts of a directory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from opulse.db import Instant, JsonDoc, metadata
from opulse.experience.directory.models import (
    ContactField,
    Declared,
    FieldAction,
    FieldChange,
    FieldChangeState,
    FieldKind,
    FieldScope,
)
from opulse.experience.directory.store.tables import contacts, watched_fields

contact_fields = Table(
    "contact_fields",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("directory", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("key", Text, nullable=False),  # the name, folded
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "directory", "scope", "key"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
)

field_changes = Table(
    "field_changes",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("contacts", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
    Index("ix_field_changes_directory", "tenant", "directory", "created_at"),
)

SEEN_AMONG = 2_000
"""Contacts, the newest ones, among which fields that nobody declared are looked for."""


def find_declared(
    conn: Connection, tenant: int, directory: str, scope: FieldScope
) -> dict[str, ContactField]:
    """Declared fields of one scope by key, in the order of their names."""
    table = contact_fields.c
    rows = conn.execute(
        select(table.key, table.name, table.kind, table.created_at)
        .where(table.tenant == tenant, table.directory == directory, table.scope == scope.value)
        .order_by(table.key)
    )
    return {row.key: ContactField(scope, row.name, FieldKind(row.kind), row.created_at) for row in rows}


def put_field(conn: Connection, tenant: int, directory: str, field: ContactField) -> None:
    """Declare the field, in place of what was declared under the same key."""
    delete_field(conn, tenant, directory, field.scope, field.key)
    conn.execute(
        insert(contact_fields).values(
            tenant=tenant,
            directory=directory,
            scope=field.scope.value,
            key=field.key,
            name=field.name,
            kind=field.kind.value,
            created_at=field.created_at,
        )
    )


def delete_field(conn: Connection, tenant: int, directory: str, scope: FieldScope, key: str) -> bool:
    table = contact_fields.c
    mine = (
        table.tenant == tenant,
        table.directory == directory,
        table.scope == scope.value,
        table.key == key,
    )
    return conn.execute(delete(contact_fields).where(*mine)).rowcount == 1


def list_seen(conn: Connection, tenant: int, directory: str) -> dict[str, int]:
    """Names of embedded data on the newest contacts, each with how many of those have it."""
    newest = (
        select(contacts.c.embedded)
        .where(contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.deleted.is_(False))
        .order_by(contacts.c.id.desc())
        .limit(SEEN_AMONG)
        .subquery()
    )
    if conn.dialect.name == "postgresql":
        names = func.jsonb_object_keys(cast(newest.c.embedded, JSONB)).table_valued(column("key", Text()))
        names = names.render_derived("names")
    else:
        names = func.json_each(newest.c.embedded).table_valued(column("key", Text())).alias("names")
    query = select(names.c.key, func.count()).select_from(newest.join(names, literal(1) == 1))
    rows = conn.execute(query.group_by(names.c.key).order_by(names.c.key))
    return {row[0]: row[1] for row in rows}


def list_distinct(
    conn: Connection, tenant: int, directory: str, name: str, limit: int
) -> list[tuple[Any, int]]:
    """The different values that contacts have under a name of embedded data, each with how many have it."""
    value = _json_value(conn, name)
    rows = conn.execute(
        select(cast(value, Text), func.count())
        .where(contacts.c.tenant == tenant, contacts.c.directory == directory, value.is_not(None))
        .group_by(cast(value, Text))
        .limit(limit)
    )
    return [(_decoded(row[0]), row[1]) for row in rows]


def list_watchers(conn: Connection, tenant: int, directory: str, name: str) -> list[str]:
    """Workflows whose conditions read the field."""
    table = watched_fields.c
    query = select(table.owner).where(
        table.tenant == tenant, table.directory == directory, table.field == name
    )
    return list(conn.execute(query.order_by(table.owner)).scalars())


def insert_change(conn: Connection, tenant: int, change: FieldChange) -> None:
    row = {name: getattr(change, name) for name in field_changes.c.keys() if name != "tenant"}  # noqa: SIM118
    conn.execute(insert(field_changes), row | {"tenant": tenant})


def find_change(conn: Connection, tenant: int, change: str) -> FieldChange | None:
    row = conn.execute(
        select(field_changes).where(field_changes.c.tenant == tenant, field_changes.c.id == change)
    ).first()
    return _change(row) if row else None


def list_changes(conn: Connection, tenant: int, directory: str, limit: int) -> list[FieldChange]:
    """Newest first."""
    rows = conn.execute(
        select(field_changes)
        .where(field_changes.c.tenant == tenant, field_changes.c.directory == directory)
        .order_by(field_changes.c.created_at.desc(), field_changes.c.id)
        .limit(limit)
    )
    return [_change(row) for row in rows]


def note_step(
    conn: Connection, tenant: int, change: str, after: str, more: int, state: FieldChangeState, now: datetime
) -> None:
    conn.execute(
        update(field_changes)
        .where(field_changes.c.tenant == tenant, field_changes.c.id == change)
        .values(after=after, contacts=field_changes.c.contacts + more, state=state.value, updated_at=now)
    )


def next_contacts(conn: Connection, tenant: int, directory: str, after: str, limit: int) -> list[str]:
    """Ids of the next contacts behind ``after``; rows are locked on PostgreSQL, in id order."""
    query = (
        select(contacts.c.id)
        .where(contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.id > after)
        .order_by(contacts.c.id)
        .limit(limit)
        .with_for_update()
    )
    return list(conn.execute(query).scalars())


def move_value(
    conn: Connection,
    tenant: int,
    directory: str,
    span: tuple[str, str],
    name: str,
    target: str,
    now: datetime,
) -> int:
    """Contacts behind the first and up to the last id of ``span``: the value moves to ``target``, where one is kept if it
    is there already. Without a target it is dropped. Returns how many contacts had it."""
    value = _json_value(conn, name)
    rest: ColumnElement[Any]
    moved: ColumnElement[Any]
    if conn.dialect.name == "postgresql":
        rest = contacts.c.embedded.op("-")(cast(literal(name), Text))
        moved = func.jsonb_build_object(cast(literal(target), Text), value).op("||")(rest) if target else rest
    else:
        rest = func.json_remove(contacts.c.embedded, f'$."{name}"')
        moved = func.json_patch(func.json_object(target, func.json(value)), rest) if target else rest
    done = conn.execute(
        update(contacts)
        .where(*_in_span(tenant, directory, span), value.is_not(None))
        .values(embedded=moved, updated_at=now)
    )
    return done.rowcount


def list_values(
    conn: Connection, tenant: int, directory: str, span: tuple[str, str], name: str
) -> list[tuple[str, Any]]:
    """(contact, value) of contacts behind the first and up to the last id of ``span`` that have one."""
    value = _json_value(conn, name)
    rows = conn.execute(
        select(contacts.c.id, cast(value, Text)).where(*_in_span(tenant, directory, span), value.is_not(None))
    )
    return [(row[0], _decoded(row[1])) for row in rows]


def write_values(
    conn: Connection, tenant: int, name: str, values: Sequence[tuple[str, Any]], now: datetime
) -> None:
    """Write each contact's value of one name of embedded data."""
    if not values:
        return
    merged: ColumnElement[Any]
    one = bindparam("one", type_=JsonDoc)
    if conn.dialect.name == "postgresql":
        merged = contacts.c.embedded.op("||")(cast(one, JSONB))
    else:
        merged = func.json_patch(contacts.c.embedded, one)
    statement = (
        update(contacts)
        .where(contacts.c.tenant == tenant, contacts.c.id == bindparam("contact"))
        .values(embedded=merged, updated_at=now)
    )
    conn.execute(statement, [{"contact": contact, "one": {name: value}} for contact, value in values])


def declared_for_contacts(conn: Connection, tenant: int, directory: str) -> Declared:
    """The types of the embedded data of a directory."""
    return find_declared(conn, tenant, directory, FieldScope.CONTACT)


def _in_span(tenant: int, directory: str, span: tuple[str, str]) -> tuple[ColumnElement[bool], ...]:
    first, last = span
    where = contacts.c
    return where.tenant == tenant, where.directory == directory, where.id > first, where.id <= last


def _json_value(conn: Connection, name: str) -> ColumnElement[Any]:
    """The value as JSON; NULL where the contact has none."""
    if conn.dialect.name == "postgresql":
        return contacts.c.embedded.op("->", return_type=JSONB())(cast(literal(name), Text))
    return contacts.c.embedded.op("->", return_type=Text())(f'$."{name}"')


def _decoded(text: str) -> Any:
    return json.loads(text)


def _change(row: Row[Any]) -> FieldChange:
    kept = {name: value for name, value in row._mapping.items() if name != "tenant"}
    typed = {"action": FieldAction(row.action), "state": FieldChangeState(row.state)}
    return FieldChange(**(kept | typed))
