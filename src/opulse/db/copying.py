"""Every row of a database, copied: how backups leave it and come back. The copy is always one SQLite file, whatever it came from.

Copies go across tenants on purpose: they are made by the installation's own commands, never on behalf of somebody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, func, inspect, select, text

from opulse.db.types import metadata

ROWS = 1_000
"""Rows per statement: a page of mails or journal blobs stays far below what a driver takes at once."""


class CopyDamaged(Exception):
    """SQLite does not find the file sound; says what it found."""


def copy_sqlite_file(source: Path, target: Path) -> None:
    """A sound copy of a SQLite database, taken while others read and write it.

    Raises:
        CopyDamaged: the copy fails SQLite's own check.
    """
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        check_sqlite(new)


def check_sqlite_file(path: Path) -> None:
    """Raises CopyDamaged where the file is no sound SQLite database."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
        check_sqlite(opened)


def check_sqlite(opened: sqlite3.Connection) -> None:
    try:
        found = opened.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise CopyDamaged(str(error)) from error
    if found != "ok":
        raise CopyDamaged(str(found))


def read_into_file(conn: Connection, path: Path) -> None:
    """Copy every row behind ``conn`` into the SQLite file, whose schema is there and which holds no rows."""
    with _opened(path) as copy:
        copy_rows(conn, copy)


def write_from_file(conn: Connection, path: Path) -> None:
    """Copy every row of the SQLite file to where ``conn`` leads, whose schema is there and which holds no rows."""
    with _opened(path) as copy:
        copy_rows(copy, conn)
    if conn.dialect.name == "postgresql":
        _restart_numbers(conn)


def copy_rows(source: Connection, target: Connection) -> None:
    """Table by table in the order of their foreign keys, in pages."""
    for table in metadata.sorted_tables:
        kept = [column for column in table.columns if column.computed is None]  # the others make themselves
        found = source.execute(select(*kept).execution_options(yield_per=ROWS))
        for page in found.mappings().partitions():
            target.execute(table.insert(), [dict(row) for row in page])


def count_rows(conn: Connection) -> dict[str, int]:
    """Rows by table; tables that do not exist yet are absent."""
    known = set(inspect(conn).get_table_names())
    return {
        table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
        if table.name in known
    }


def find_schema(conn: Connection) -> str:
    """The revision of the schema; empty where there is none."""
    if "alembic_version" not in inspect(conn).get_table_names():
        return ""
    return str(conn.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as conn:
            yield conn
    finally:
        engine.dispose()


def _restart_numbers(conn: Connection) -> None:
    """PostgreSQL counts on from the highest number that was copied; SQLite does so by itself."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = conn.execute(select(func.max(column))).scalar()
        if highest is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            conn.execute(select(func.setval(sequence, highest)))
