"""Contacts that merge rules take for one person, and what becomes of those who are merged away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Text, and_, delete, func, select, update
from sqlalchemy.types import TypeEngine

from opulse.db import as_json, insert_ignoring_known, json_list
from opulse.db.json_rows import json_table
from opulse.experience.directory.models import Duplicates
from opulse.experience.directory.store.subscriptions import subscription_changes
from opulse.experience.directory.store.tables import contacts, list_members
from opulse.experience.directory.store.transactions import transactions

_KEYS: Mapping[str, ColumnElement[str]] = {
    "ext_ref": contacts.c.ext_ref_key,
    "email": contacts.c.email_key,
    "phone": contacts.c.phone,
    "first_name": contacts.c.first_name_key,
    "last_name": contacts.c.last_name_key,
}
"""The columns in which a field is compared, without case."""


def find_ids_by(
    conn: Connection, tenant: int, directory: str, rule: Sequence[str], wanted: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], str]:
    """Values of the rule's fields (lower case, none empty) → the oldest contact that has them all."""
    if not wanted:
        return {}
    columns: dict[str, TypeEngine[Any]] = {"place": Integer(), **{name: Text() for name in rule}}
    given = json_table(conn.dialect.name, "rows", columns)
    same = and_(*(_KEYS[name] == given.c[name] for name in rule), *_present(rule))
    query = (
        select(given.c.place, func.min(contacts.c.id))
        .select_from(given.join(contacts, same))
        .where(contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.deleted.is_(False))
        .group_by(given.c.place)
    )
    rows = [(place, *values) for place, values in enumerate(wanted)]
    found = conn.execute(query, {"rows": as_json(rows)})
    return {wanted[row[0]]: row[1] for row in found}


def list_duplicates(
    conn: Connection, tenant: int, directory: str, rule: Sequence[str], limit: int
) -> list[Duplicates]:
    """Groups of contacts with the same values in all fields of the rule, by these values."""
    keys = [_KEYS[name] for name in rule]
    query = (
        select(*keys, func.count())
        .where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.deleted.is_(False),
            *_present(rule),
        )
        .group_by(*keys)
        .having(func.count() > 1)
        .order_by(*keys)
        .limit(limit)
    )
    groups = [tuple(row[: len(rule)]) for row in conn.execute(query)]
    return [
        Duplicates(values, tuple(_list_of_group(conn, tenant, directory, rule, values))) for values in groups
    ]


def move_members(conn: Connection, tenant: int, survivor: str, others: Sequence[str]) -> None:
    """The survivor comes onto every list of the others; out of a list is out of it, whoever of them left."""
    wanted = json_list(conn, others)
    rows = conn.execute(
        select(list_members)
        .where(list_members.c.tenant == tenant, list_members.c.contact.in_(select(wanted.c.value)))
        .order_by(list_members.c.list, list_members.c.contact)
    ).all()
    fresh = {row.list: {**row._mapping, "contact": survivor} for row in rows}
    insert_ignoring_known(conn, list_members, list(fresh.values()))
    out = sorted({row.list for row in rows if row.unsubscribed})
    since = max((row.unsubscribed_at for row in rows if row.unsubscribed_at), default=None)
    conn.execute(
        update(list_members)
        .where(
            list_members.c.tenant == tenant,
            list_members.c.contact == survivor,
            list_members.c.list.in_(out),
            list_members.c.unsubscribed.is_(False),
        )
        .values(unsubscribed=True, unsubscribed_at=since)
    )
    conn.execute(
        delete(list_members).where(
            list_members.c.tenant == tenant, list_members.c.contact.in_(select(wanted.c.value))
        )
    )


def move_past(conn: Connection, tenant: int, survivor: str, others: Sequence[str]) -> None:
    """Transactions and the history of opt-outs are the survivor's from now on."""
    wanted = json_list(conn, others)
    for table in (transactions, subscription_changes):
        conn.execute(
            update(table)
            .where(table.c.tenant == tenant, table.c.contact.in_(select(wanted.c.value)))
            .values(contact=survivor)
        )


def empty_merged(conn: Connection, tenant: int, survivor: str, others: Sequence[str], now: datetime) -> None:
    """The others hold nothing any more but who they turned out to be."""
    wanted = json_list(conn, others)
    blank = dict.fromkeys(
        (
            "first_name",
            "last_name",
            "email",
            "email_key",
            "ext_ref",
            "ext_ref_key",
            "phone",
            "language",
            "time_zone",
        ),
        "",
    )
    conn.execute(
        update(contacts)
        .where(contacts.c.tenant == tenant, contacts.c.id.in_(select(wanted.c.value)))
        .values(**blank, embedded={}, deleted=True, merged_into=survivor, alarm_until=None, updated_at=now)
    )


def find_survivor(conn: Connection, tenant: int, directory: str, contact: str) -> str:
    """Who a merged contact turned out to be; empty: not merged."""
    query = select(contacts.c.merged_into).where(
        contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.id == contact
    )
    return str(conn.execute(query).scalar() or "")


def _present(rule: Sequence[str]) -> list[ColumnElement[bool]]:
    return [_KEYS[name] != "" for name in rule]


def _list_of_group(
    conn: Connection, tenant: int, directory: str, rule: Sequence[str], values: Sequence[str]
) -> list[str]:
    same = [_KEYS[name] == value for name, value in zip(rule, values, strict=True)]
    query = (
        select(contacts.c.id)
        .where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.deleted.is_(False),
            *same,
        )
        .order_by(contacts.c.created_at, contacts.c.id)
        .limit(100)
    )
    return list(conn.execute(query).scalars())
