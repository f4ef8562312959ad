"""Set-based statements that both dialects understand, behind one name each (spine.md: think in sets)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Subquery,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

from opulse.db.types import JsonDoc

T = TypeVar("T")


def chunked(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """``items`` in lists of at most ``size``."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert_ignoring_known(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert ``rows``, all with the same columns; those whose key is known stay as they are. Returns how many are new.

    The statement is compiled once and the rows are bound to it: naming a chunk's values in the statement itself costs ten times
    as much.
    """
    if not rows:
        return 0
    statement = _ignoring_known(conn.dialect.name, table)
    values = [dict(row) for row in rows]
    if conn.dialect.name == "postgresql":
        return len(conn.execute(statement, values).all())
    return int(conn.execute(statement, values).rowcount)


@cache
def _ignoring_known(dialect: str, table: Table) -> Any:
    if dialect == "postgresql":
        statement = postgresql.insert(table).on_conflict_do_nothing()
        return statement.returning(*table.primary_key.columns)
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_fast(
    conn: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows whose keys are new, the fastest way that each database has; an unknown key is the caller's promise.

    The values are the driver's own: a JSON document is text, an instant its number (:func:`stored_instant`). Columns that are
    not named take their default.
    """
    if not rows:
        return
    if conn.dialect.name == "postgresql":

        async def copy(driver: Any) -> None:
            await driver.copy_records_to_table(table.name, columns=list(names), records=rows)

        conn.execute(select(literal(1)))  # the driver opens the transaction with the first statement
        conn.connection.run_async(copy)  # of an adapted asyncpg connection
        return
    text = str(table.insert().compile(dialect=conn.dialect, column_keys=list(names)))
    order = [names.index(column.name) for column in table.columns if column.name in names]
    pick = itemgetter(*order)  # the statement names the columns in the order of the table
    cursor = conn.connection.cursor()
    try:
        cursor.executemany(text, list(map(pick, rows)))
    finally:
        cursor.close()


def upsert(
    conn: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    change: Sequence[str],
) -> None:
    """Insert ``rows``; where ``key`` is known, set the columns named in ``change`` to the row's values.

    Of two rows with the same key the later one counts.
    """
    if not rows:
        return
    latest = {tuple(row[name] for name in key): dict(row) for row in rows}
    statement = _insert(conn, table)
    changed = {name: statement.excluded[name] for name in change}
    conn.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(latest.values())
    )


def json_list(
    conn: Connection, values: Iterable[str] | Iterable[int], *, numbers: bool = False, name: str = "listed"
) -> Subquery:
    """``values`` as a one-column table (column ``value``) however many they are: one bound value, not one per member."""
    text = bindparam(None, json.dumps(list(values)), type_=Text())
    return _one_column(conn.dialect.name, text, name, numbers=numbers)


def listed(dialect: str, parameter: str, *, numbers: bool = False) -> Subquery:
    """The same table in a statement that is built once: :func:`as_json` of the values is bound to ``parameter`` each time.

    Building a statement costs several times what a database needs for twenty rows, so whatever runs per burst or per page is
    built once per dialect (``functools.cache``) and only executed.
    """
    return _one_column(dialect, bindparam(parameter, type_=Text()), parameter, numbers=numbers)


def as_json(values: Sequence[Any]) -> str:
    """What is bound to a parameter of :func:`listed`, or of rows that a statement takes as one JSON text."""
    return msgspec.json.encode(values).decode()


def json_merge(
    conn: Connection, document: ColumnElement[Any], patch: Mapping[str, Any]
) -> ColumnElement[Any]:
    """``document`` with the flat, null-free ``patch`` laid over it (SQLite ``json_patch``, PostgreSQL ``||``).

    Raises:
        ValueError: the patch holds a null or a nested object, which the two dialects would merge differently.
    """
    for name, value in patch.items():
        if value is None or isinstance(value, dict):
            raise ValueError(f"embedded data is flat and without nulls: {name!r}")
    text = json.dumps(patch)
    if conn.dialect.name == "postgresql":
        return document.op("||", return_type=JsonDoc)(cast(bindparam(None, text, type_=Text()), JSONB))
    return func.json_patch(document, bindparam(None, text, type_=Text()), type_=JsonDoc)


def _one_column(dialect: str, text: BindParameter[str], name: str, *, numbers: bool) -> Subquery:
    if dialect == "postgresql":
        rows = func.jsonb_array_elements_text(cast(text, JSONB)).table_valued(column("value", Text()))
    else:
        rows = func.json_each(text).table_valued(column("value", Text()))
    value = cast(rows.c.value, BigInteger()) if numbers else rows.c.value
    return select(value.label("value")).subquery(name)


def _insert(conn: Connection, table: Table) -> Any:
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
