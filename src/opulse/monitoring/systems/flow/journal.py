"""Writing the journal: in the unit that makes the fact, so that the evaluator sees neither more nor less than the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.db import wake
from opulse.db.wake import wake_elsewhere
from opulse.monitoring.systems.models import JournalEntry, NewBatch, RecordKind
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


def append_batch_in(conn: Connection, batch: NewBatch) -> int:
    """Record a batch of sensor states, once; its position. Whoever commits it hands it to the evaluator.

    Raises:
        RepeatedBatch: the source has sent the batch before.
    """
    return append_batches_in(conn, [batch])[0]


def append_batches_in(conn: Connection, batches: Sequence[NewBatch]) -> list[int]:
    """Record batches of any tenants in this order; their positions.

    Raises:
        RepeatedBatch: one of them was sent before; nothing is written.
    """
    wake_elsewhere(conn, JOURNAL_TOPIC)
    by_tenant: dict[int, list[NewBatch]] = {}
    for batch in batches:
        by_tenant.setdefault(batch.tenant, []).append(batch)
    following: dict[int, Iterator[int]] = {}
    try:
        for tenant in sorted(by_tenant):  # the same order in every process: counters are locked one by one
            first = journal.insert_batches(conn, tenant, by_tenant[tenant])
            following[tenant] = count(first)
    except IntegrityError as error:
        raise RepeatedBatch from error
    return [next(following[batch.tenant]) for batch in batches]


def prune_journal_in(conn: Connection, tenant: int, up_to: int, now: datetime) -> int:
    """Forget old records that a snapshot covers; at most 2,000 at once. How many went."""
    return journal.delete_entries(conn, tenant, up_to, now - KEPT, _PRUNED_AT_ONCE)
