"""Writing the journal: in the unit that makes the fact, so that the evaluator sees neither more nor less than the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.db import wake
from opulse.db.wake import wake_elsewhere
from opulse.monitoring.systems.models import JournalEntry, RecordKind
from opulse.monitoring.systems.store import journal

JOURNAL_TOPIC = "sensor_journal"
"""Wakes the evaluator: a record was committed that nobody hands to it."""

KEPT = timedelta(days=7)
"""How long a record below the snapshot is kept: as long as a sender may repeat a batch and be answered the same."""

_PRUNED_AT_ONCE = 2000


class RepeatedBatch(Exception):
    """The source has sent this batch before; nothing was written. Its answer: ``views.find_answer``."""


def append_in(conn: Connection, tenant: int, kind: RecordKind, payload: bytes, now: datetime) -> JournalEntry:
    """Record a change of our own (members, catalogue) in the unit that makes it."""
    wake(conn, JOURNAL_TOPIC)
    return journal.insert_entry(conn, tenant, kind, payload, now)


def append_batch_in(
    conn: Connection, tenant: int, source: str, batch: str, payload: bytes, answer: bytes, now: datetime
) -> JournalEntry:
    """Record a batch of sensor states, once. Whoever commits it hands the record to the evaluator.

    Raises:
        RepeatedBatch: the source has sent the batch before.
    """
    wake_elsewhere(conn, JOURNAL_TOPIC)
    kind = RecordKind.STATES
    try:
        return journal.insert_entry(
            conn, tenant, kind, payload, now, source=source, batch=batch, answer=answer
        )
    except IntegrityError as error:
        raise RepeatedBatch(batch) from error


def prune_journal_in(conn: Connection, tenant: int, up_to: int, now: datetime) -> int:
    """Forget old records that a snapshot covers; at most 2,000 at once. How many went."""
    return journal.delete_entries(conn, tenant, up_to, now - KEPT, _PRUNED_AT_ONCE)
