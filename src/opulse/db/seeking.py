"""Rows by many keys, each sought by itself through its index, whatever the planner believes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    Text,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from opulse.db.bulk import json_list


def seek(
    conn: Connection,
    query: Select[Any],
    column: ColumnElement[Any],
    values: Iterable[str] | Iterable[int],
    *,
    numbers: bool = False,
) -> CursorResult[Any]:
    """The rows of ``query`` whose ``column`` is one of ``values``, in no order. One bound value on either dialect.

    Of an incident that began a moment ago PostgreSQL has no statistics. It takes its rows for one, reads them all and compares
    each with each key, and is slower the further the incident has come. Here it is given no choice: a probe of the index per key.
    """
    if conn.dialect.name == "postgresql":
        array = ARRAY(BigInteger() if numbers else Text())
        keys = list(dict.fromkeys(values))
        wanted = func.unnest(bindparam(None, keys, type_=array)).table_valued("key").render_derived("wanted")
        # OFFSET 0 keeps the planner from turning the probes into a join of its own choice
        found = query.where(column == wanted.c.key).offset(0).lateral("found")
        return conn.execute(select(found).select_from(wanted).join(found, true()))
    listed = json_list(conn, values, numbers=numbers)
    return conn.execute(query.where(column.in_(select(listed.c.value))))
