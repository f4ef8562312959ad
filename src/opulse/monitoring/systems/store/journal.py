"""The journal: numbered in the order of commit, without gaps, each batch of a source once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from opulse.monitoring.systems.models import JournalEntry, Numbered, RecordKind
from opulse.monitoring.systems.store.numbers import take_numbers
from opulse.monitoring.systems.store.tables import journal


def insert_entry(
    conn: Connection,
    tenant: int,
    kind: RecordKind,
    payload: bytes,
    now: datetime,
    *,
    source: str = "",
    batch: str = "",
    answer: bytes = b"",
) -> JournalEntry:
    """Append a record. The counter's row stays locked until the commit, so no reader ever sees a number before a smaller one.

    Raises:
        IntegrityError: the source has sent the batch before.
    """
    position = take_numbers(conn, tenant, Numbered.JOURNAL, 1)
    conn.execute(
        insert(journal).values(
            tenant=tenant,
            position=position,
            kind=kind.value,
            source=source,
            batch=batch or str(position),
            at=now,
            payload=payload,
            answer=answer,
        )
    )
    return JournalEntry(position, kind, now, payload)


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
