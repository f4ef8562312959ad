"""What the database takes by itself: the same rows, ready made, into a table with the same columns and indexes.

PostgreSQL by COPY, SQLite by executemany; in one transaction, committed as durably as ours.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg

NAMES = (
    "tenant",
    "id",
    "directory",
    "first_name",
    "last_name",
    "email",
    "email_key",
    "ext_ref",
    "ext_ref_key",
    "phone",
    "language",
    "time_zone",
    "embedded",
    "unsubscribed",
    "deleted",
    "created_at",
    "updated_at",
)


def executemany(path: Path, rows: Sequence[tuple[Any, ...]]) -> float:
    """Seconds that SQLite takes. The table ``contacts`` of ``path`` is there and empty."""
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            conn.execute(f"PRAGMA {pragma}")
        marks = ", ".join("?" * len(NAMES))
        began = time.perf_counter()
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany(f"INSERT INTO contacts ({', '.join(NAMES)}) VALUES ({marks})", rows)
        conn.execute("COMMIT")
        return time.perf_counter() - began
    finally:
        conn.close()


async def copy(url: str, rows: Sequence[tuple[Any, ...]]) -> float:
    """Seconds that PostgreSQL takes. The table ``contacts`` of the database is there and empty."""
    conn = await asyncpg.connect(url)
    try:
        began = time.perf_counter()
        await conn.copy_records_to_table("contacts", columns=list(NAMES), records=rows)
        return time.perf_counter() - began
    finally:
        await conn.close()
