"""Who is on which mailing list, and who wants off it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    bindparam,
    cast,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from opulse.db import Instant, JsonDoc, as_json, json_list, listed
from opulse.experience.directory.store.tables import list_members


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


def delete_others(
    conn: Connection, tenant: int, list_id: str, ids: Iterable[str], span: tuple[str, str]
) -> None:
    """Take members behind the first and up to the last id of ``span`` off the list, but for ``ids``."""
    first, last = span
    table = list_members.c
    conn.execute(
        delete(list_members).where(
            table.tenant == tenant,
            table.list == list_id,
            table.contact > first,
            table.contact <= last,
            table.contact.not_in(select(json_list(conn, ids).c.value)),
        )
    )


def merge_private(
    conn: Connection, tenant: int, list_id: str, rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> int:
    """Lay each member's (contact, data) over their private data; empty texts take values away. Returns how many are members."""
    if not rows:
        return 0
    one = bindparam("one", type_=JsonDoc)
    merged: ColumnElement[Any]
    if conn.dialect.name == "postgresql":
        merged = func.jsonb_strip_nulls(list_members.c.embedded.op("||")(cast(one, JSONB)))
    else:
        merged = func.json_patch(list_members.c.embedded, one)  # a null takes the name away
    statement = (
        update(list_members)
        .where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            list_members.c.contact == bindparam("member"),
        )
        .values(embedded=merged)
    )
    given = [
        {"member": contact, "one": {name: None if value == "" else value for name, value in data.items()}}
        for contact, data in rows
    ]
    conn.execute(statement, given)
    on_it = select(func.count()).where(
        list_members.c.tenant == tenant,
        list_members.c.list == list_id,
        list_members.c.contact.in_(select(json_list(conn, [contact for contact, _ in rows]).c.value)),
    )
    return int(conn.execute(on_it).scalar_one())


def list_private(
    conn: Connection, tenant: int, list_id: str, ids: Iterable[str]
) -> dict[str, Mapping[str, Any]]:
    """The private data of these members who have any."""
    table = list_members.c
    rows = conn.execute(
        select(table.contact, table.embedded).where(
            table.tenant == tenant,
            table.list == list_id,
            table.contact.in_(select(json_list(conn, ids).c.value)),
        )
    )
    return {row.contact: row.embedded for row in rows if row.embedded}
