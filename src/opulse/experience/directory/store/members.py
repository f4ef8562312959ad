"""Who is on which mailing list, and who wants off it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Text, bindparam, cast, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import Instant, as_json, listed
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
