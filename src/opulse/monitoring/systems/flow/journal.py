"""Writing the journal: in the unit that makes the fact, so that the evaluator sees neither more nor less than the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from opulse.db import wake
from opulse.monitoring.systems.models import JournalEntry, Numbered, RecordKind
from opulse.monitoring.systems.store import journal
from opulse.monitoring.systems.store.numbers import lock_number

JOURNAL_TOPIC = "sensor_journal"
"""Wakes the evaluator: a record was committed that nobody hands to it."""

KEPT = timedelta(days=7)
"""How long a record below the snapshot is kept: as long as a sender may repeat a batch and be answered the same."""

_PRUNED_AT_ONCE = 2000


class Appended(NamedTuple):
    """A batch in the journal: its record, or None when the source had sent the batch before; and what to answer."""

    entry: JournalEntry | None
    answer: bytes


def append_in(conn: Connection, tenant: int, kind: RecordKind, payload: bytes, now: datetime) -> JournalEntry:
    """Record a change of our own (members, catalogue) in the unit that makes it."""
    wake(conn, JOURNAL_TOPIC)
    return journal.insert_entry(conn, tenant, kind, payload, now)


def append_batch_in(
    conn: Connection, tenant: int, source: str, batch: str, payload: bytes, answer: bytes, now: datetime
) -> Appended:
    """Record a batch of sensor states once. A repeated (source, batch) writes nothing and gives the first answer again."""
    lock_number(conn, tenant, Numbered.JOURNAL)  # a twin of this batch in flight is waited for, then found
    known = journal.find_answer(conn, tenant, source, batch)
    if known is not None:
        return Appended(None, known)
    entry = journal.insert_entry(
        conn, tenant, RecordKind.STATES, payload, now, source=source, batch=batch, answer=answer
    )
    return Appended(entry, answer)


def prune_journal_in(conn: Connection, tenant: int, up_to: int, now: datetime) -> int:
    """Forget old records that a snapshot covers; at most 2,000 at once. How many went."""
    return journal.delete_entries(conn, tenant, up_to, now - KEPT, _PRUNED_AT_ONCE)
