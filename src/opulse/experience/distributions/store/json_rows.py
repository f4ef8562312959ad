"""Rows from Python as a table that a statement can join: one bound value, however many rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

JSON_CELL = JSONB()
"""The type of a cell that is a JSON document of its own, on either dialect."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def json_rows(
    conn: Connection, rows: Sequence[Sequence[Any]], columns: Mapping[str, TypeEngine[Any]]
) -> Subquery:
    """``rows`` as a table with ``columns`` (name → type) in their order. Times are given as microseconds since 1970.

    Multi-row VALUES would bind and compile every cell: 80 ms for 2,000 invitations, against 5 ms for one JSON text.
    """
    text = bindparam(None, json.dumps(rows), type_=Text())
    if conn.dialect.name == "postgresql":
        listed = func.jsonb_array_elements(cast(text, JSONB)).table_valued(column("value", JSONB))
    else:
        listed = func.json_each(text).table_valued(column("value", Text()))
    cells = [
        _cell(conn, listed.c.value, place, kind).label(name)
        for place, (name, kind) in enumerate(columns.items())
    ]
    return select(*cells).subquery("given")


def _cell(conn: Connection, row: ColumnElement[Any], place: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    if conn.dialect.name == "postgresql":
        if isinstance(kind, JSONB):
            return row.op("->", return_type=JSONB())(place)
        return cast(row.op("->>", return_type=Text())(place), kind)
    if isinstance(kind, JSONB):
        return func.json(func.json_extract(row, f"$[{place}]"))
    value: ColumnElement[Any] = func.json_extract(row, f"$[{place}]", type_=kind)
    return value


def micros(moment: datetime | None) -> int | None:
    """A time as a cell of :func:`json_rows`."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)
