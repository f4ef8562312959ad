"""The journal: numbered in the order of commit, without gaps, each batch of a source once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from opulse.db import Instant, chunked
from opulse.monitoring.systems.models import JournalEntry, NewBatch, Numbered, RecordKind
from opulse.monitoring.systems.store.numbers import take_numbers
from opulse.monitoring.systems.store.tables import journal

_INSERT = "INSERT INTO sensor_journal (tenant, position, kind, source, batch, at, payload, answer) VALUES "
_MARKS = "(?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE = 500  # rows of one statement: 4,000 bound values, of SQLite's 32,766
_INSTANT = Instant()


def insert_entry(
    conn: Connection, tenant: int, kind: RecordKind, payload: bytes, now: datetime
) -> JournalEntry:
    """Append a record of our own. The counter's row stays locked until the commit: no reader sees a number before a smaller."""
    position = take_numbers(conn, tenant, Numbered.JOURNAL, 1)
    row = _row(tenant, position, kind, "", str(position), now, payload, b"")
    conn.execute(insert(journal).values(row))
    return JournalEntry(position, kind, now, payload)


def insert_batches(conn: Connection, tenant: int, batches: Sequence[NewBatch]) -> int:
    """Append batches of one tenant; the position of the first.

    Raises:
        IntegrityError: a source has sent its batch before.
    """
    first = take_numbers(conn, tenant, Numbered.JOURNAL, len(batches))
    numbered = enumerate(batches, first)
    if conn.dialect.name == "sqlite":
        for chunk in chunked(numbered, _AT_ONCE):
            _insert_in_one_statement(conn, chunk)
    else:
        kind = RecordKind.STATES
        rows = [
            _row(tenant, position, kind, one.source, one.batch, one.at, one.payload, one.answer)
            for position, one in numbered
        ]
        conn.execute(insert(journal), rows)
    return first


def _insert_in_one_statement(conn: Connection, numbered: Sequence[tuple[int, NewBatch]]) -> None:
    """By hand for SQLite: an executemany lets go of the interpreter at every row and queues behind the web server for it."""
    kind = RecordKind.STATES.value
    values: list[Any] = []
    for position, one in numbered:
        at = _INSTANT.process_bind_param(one.at, conn.dialect)
        values += (one.tenant, position, kind, one.source, one.batch, at, one.payload, one.answer)
    conn.exec_driver_sql(_INSERT + ", ".join([_MARKS] * len(numbered)), tuple(values))


def _row(
    tenant: int,
    position: int,
    kind: RecordKind,
    source: str,
    batch: str,
    at: datetime,
    payload: bytes,
    answer: bytes,
) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "position": position,
        "kind": kind.value,
        "source": source,
        "batch": batch,
        "at": at,
        "payload": payload,
        "answer": answer,
    }


def find_answer(conn: Connection, tenant: int, source: str, batch: str) -> bytes | None:
    """What the source was told when it sent this batch before."""
    found: bytes | None = conn.execute(
        select(journal.c.answer).where(
            journal.c.tenant == tenant, journal.c.source == source, journal.c.batch == batch
        )
    ).scalar_one_or_none()
    return found


def list_entries(conn: Connection, tenant: int, after: int, limit: int) -> list[JournalEntry]:
    """The records beyond ``after``, in order."""
    rows = conn.execute(
        select(journal.c.position, journal.c.kind, journal.c.at, journal.c.payload)
        .where(journal.c.tenant == tenant, journal.c.position > after)
        .order_by(journal.c.position)
        .limit(limit)
    )
    return [_entry(row) for row in rows]


def find_time(conn: Connection, tenant: int, position: int) -> datetime | None:
    """When the record at this position was taken; None once it is forgotten."""
    found: datetime | None = conn.execute(
        select(journal.c.at).where(journal.c.tenant == tenant, journal.c.position == position)
    ).scalar_one_or_none()
    return found


def newest_positions(conn: Connection) -> dict[int, int]:
    """By tenant, the position of its newest record; tenants without any are absent."""
    rows = conn.execute(select(journal.c.tenant, func.max(journal.c.position)).group_by(journal.c.tenant))
    return {row[0]: row[1] for row in rows}


def delete_entries(conn: Connection, tenant: int, up_to: int, before: datetime, limit: int) -> int:
    """Forget at most ``limit`` records that are both at or below ``up_to`` and older than ``before``. How many went."""
    first = conn.execute(select(func.min(journal.c.position)).where(journal.c.tenant == tenant)).scalar()
    if first is None:
        return 0
    done = conn.execute(
        delete(journal).where(
            journal.c.tenant == tenant,
            journal.c.position <= min(up_to, int(first) + limit - 1),
            journal.c.at < before,
        )
    )
    return done.rowcount


def _entry(row: Any) -> JournalEntry:
    return JournalEntry(row.position, RecordKind(row.kind), row.at, row.payload)
