"""Change sets: grouping contacts by the values that conditions read, in the database, whatever the number of contacts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import JSONB

from opulse.db import chunked, insert_ignoring_known, json_list
from opulse.experience.directory.models import MAIN_FIELDS, Cause, ChangeGroup, ChangeKind, ChangeSet
from opulse.experience.directory.store.tables import change_groups, change_members, change_sets, contacts


def group_by_values(
    conn: Connection, tenant: int, ids: Iterable[str], fields: Sequence[str], created_at: datetime
) -> list[tuple[str, int]]:
    """The distinct values of ``fields`` among these contacts as JSON text, with how many contacts have them.

    Each text is an object with the fields as keys (absent embedded data is absent or null) and, under the empty name, 1 for
    contacts that were made at ``created_at``, that is in this very unit.
    """
    key = value_key(conn, fields, created_at)
    listed = json_list(conn, ids)
    rows = conn.execute(
        select(key.label("key"), func.count().label("members"))
        .where(contacts.c.tenant == tenant, contacts.c.id.in_(select(listed.c.value)))
        .group_by(literal_column("key") if conn.dialect.name == "sqlite" else key)
    )
    return [(row.key, row.members) for row in rows]


def insert_change_set(conn: Connection, tenant: int, change: ChangeSet) -> None:
    conn.execute(
        insert(change_sets).values(
            tenant=tenant,
            id=change.id,
            directory=change.directory,
            activation=change.cause.activation,
            wave=change.cause.wave,
            run=change.cause.run,
            chain=list(change.cause.chain),
            patch=dict(change.patch),
            count=change.count,
            at=change.at,
        )
    )


def insert_groups(
    conn: Connection, tenant: int, change_set: str, groups: Sequence[tuple[str, ChangeGroup]]
) -> None:
    """Groups with the text key that their members were found by."""
    rows = [
        {
            "tenant": tenant,
            "change_set": change_set,
            "number": group.number,
            "kind": group.kind.value,
            "key": key,
            "before": dict(group.before),
            "after": dict(group.after),
            "count": group.count,
        }
        for key, group in groups
    ]
    insert_ignoring_known(conn, change_groups, rows)


def insert_members_by_key(
    conn: Connection,
    tenant: int,
    change_set: str,
    ids: Iterable[str],
    fields: Sequence[str],
    created_at: datetime,
) -> None:
    """Put each contact into the group of its key; contacts whose key has no group did not change and are left out."""
    key = value_key(conn, fields, created_at)
    listed = json_list(conn, ids)
    found = (
        select(literal(tenant), literal(change_set), contacts.c.id, change_groups.c.number)
        .select_from(contacts)
        .join(
            change_groups,
            (change_groups.c.tenant == contacts.c.tenant)
            & (change_groups.c.change_set == change_set)
            & (change_groups.c.key == key),
        )
        .where(contacts.c.tenant == tenant, contacts.c.id.in_(select(listed.c.value)))
    )
    conn.execute(insert(change_members).from_select(["tenant", "change_set", "contact", "number"], found))


def insert_member(conn: Connection, tenant: int, change_set: str, contact: str, number: int) -> None:
    conn.execute(
        insert(change_members).values(tenant=tenant, change_set=change_set, contact=contact, number=number)
    )


def select_members(tenant: int, change_set: str) -> Select[Any]:
    """The contact ids of a change set, as a selectable."""
    return select(change_members.c.contact).where(
        change_members.c.tenant == tenant, change_members.c.change_set == change_set
    )


def list_members_of(conn: Connection, tenant: int, change_set: str, groups: Sequence[int]) -> list[str]:
    """The contact ids in these groups of a change set."""
    query = select(change_members.c.contact).where(
        change_members.c.tenant == tenant,
        change_members.c.change_set == change_set,
        change_members.c.number.in_(groups),
    )
    return list(conn.execute(query).scalars())


def find_change_set(conn: Connection, tenant: int, change_set: str) -> ChangeSet | None:
    row = conn.execute(
        select(change_sets).where(change_sets.c.tenant == tenant, change_sets.c.id == change_set)
    ).one_or_none()
    if row is None:
        return None
    cause = Cause(row.activation, row.wave, row.run, tuple(row.chain))
    return ChangeSet(row.id, row.directory, cause, row.patch, row._mapping["count"], row.at)


def list_groups(conn: Connection, tenant: int, change_set: str) -> list[ChangeGroup]:
    rows = conn.execute(
        select(change_groups)
        .where(change_groups.c.tenant == tenant, change_groups.c.change_set == change_set)
        .order_by(change_groups.c.number)
    )
    return [
        ChangeGroup(row.number, ChangeKind(row.kind), row.before, row.after, row._mapping["count"])
        for row in rows
    ]


def delete_old_changes_of(conn: Connection, tenant: int, before: datetime, limit: int) -> int:
    """Forget a tenant's change sets older than ``before``, a few at a time. Returns how many sets went."""
    old = conn.execute(
        select(change_sets.c.tenant, change_sets.c.id)
        .where(change_sets.c.tenant == tenant, change_sets.c.at < before)
        .limit(limit)
    ).all()
    for tenant, number in old:
        for table in (change_members, change_groups):
            conn.execute(delete(table).where(table.c.tenant == tenant, table.c.change_set == number))
        conn.execute(delete(change_sets).where(change_sets.c.tenant == tenant, change_sets.c.id == number))
    return len(old)


def decode_key(key: str, fields: Sequence[str]) -> tuple[bool, Mapping[str, Any]]:
    """Whether the contacts behind a key are new, and their values: absent ones are left out, lists are lists."""
    document = json.loads(key)
    values = {name: document[name] for name in fields if document.get(name) not in (None, "")}
    return bool(document[_NEW]), values


_NEW = ""  # no field has this name
_PAIRS = 40  # PostgreSQL takes 100 arguments, SQLite 127


def value_key(conn: Connection, fields: Sequence[str], created_at: datetime) -> ColumnElement[str]:
    """A JSON text of the values of ``fields`` on a contact: the same text for the same values, on either dialect."""
    is_new = sql_case((contacts.c.created_at == created_at, 1), else_=0)
    pairs: list[tuple[str, Any]] = [(_NEW, is_new), *((name, _value(conn, name)) for name in fields)]
    parts = [
        [part for name, value in chunk for part in (cast(literal(name), Text), value)]
        for chunk in chunked(pairs, _PAIRS)
    ]
    if conn.dialect.name == "postgresql":
        objects: list[ColumnElement[Any]] = [cast(func.jsonb_build_object(*part), JSONB) for part in parts]
        return cast(reduce(lambda one, other: one.op("||")(other), objects), Text)
    texts: list[ColumnElement[str]] = [func.json_object(*part, type_=Text) for part in parts]
    return reduce(lambda one, other: func.json_patch(one, other, type_=Text), texts)


def _value(conn: Connection, name: str) -> ColumnElement[Any]:
    if name in MAIN_FIELDS:
        return contacts.c[MAIN_FIELDS[name]]
    if conn.dialect.name == "postgresql":
        return contacts.c.embedded.op("->")(cast(literal(name), Text))
    # json_extract gives SQL values; the arrow keeps JSON, so that a list stays a list inside json_object
    return func.json(contacts.c.embedded.op("->")(f'$."{name}"'))
