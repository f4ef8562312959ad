"""A column's value is one of many, however many, in a way that every planner follows through an index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from opulse.db import json_list


def among(conn: Connection, column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    """``column`` is one of ``values``: one bound value on either dialect.

    PostgreSQL gets an array, not a table: of rows that were inserted a moment ago it knows no statistics, and joins them to a
    table by comparing each with each.
    """
    if conn.dialect.name == "postgresql":
        listed: Any = bindparam(None, list(values), type_=ARRAY(Text()))
        return column == any_(listed)
    return column.in_(select(json_list(conn, values).c.value))
