"""Which jobs the stream is told of, and which of those a worker may take: the outbox stays the truth, messages only point at it.

A job is announced once for each try that is due. What was announced and is still free after a while is *late*: its message was
lost, or waits behind others; the sweep announces it again, so that a stream that lost everything is filled from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from opulse.jobs.claiming import in_order, is_free, lease_picked
from opulse.jobs.models import Job
from opulse.jobs.table import NEVER, jobs

URGENT = 2
"""Jobs of this priority and below have a subject, and workers, of their own: an incident passes an import."""


@dataclass(frozen=True)
class Announcement:
    """One message. ``id`` is the same when the same announcement is published twice, and another one for each further try."""

    job: int
    urgent: bool
    attempt: int
    announcement: int

    @property
    def id(self) -> str:
        return f"{self.job}.{self.attempt}.{self.announcement}"


def announce_due(conn: Connection, queue: str, now: datetime, limit: int) -> list[Announcement]:
    """Note that up to ``limit`` free jobs are announced that were not; the caller publishes them once this has committed."""
    return _announce(conn, queue, now, NEVER, limit)


def announce_late(
    conn: Connection, queue: str, now: datetime, after: timedelta, limit: int
) -> list[Announcement]:
    """The same for free jobs whose last announcement is older than ``after``."""
    return _announce(conn, queue, now, now - after, limit)


def claim_announced(
    conn: Connection, ids: Sequence[int], owner: str, now: datetime, lease: timedelta
) -> list[Job]:
    """Lease those of the jobs that are still free; the others were done, taken, put off or buried since they were announced."""
    return lease_picked(conn, ids, owner, now, lease)


def _announce(
    conn: Connection, queue: str, now: datetime, announced_before: datetime, limit: int
) -> list[Announcement]:
    picked = (
        select(jobs.c.id)
        .where(jobs.c.queue == queue, is_free(now), jobs.c.announced_at <= announced_before, in_order())
        .order_by(jobs.c.priority, jobs.c.run_at, jobs.c.id)
        .limit(limit)
    )
    if conn.dialect.name == "postgresql":
        picked = picked.with_for_update(skip_locked=True)
    once = picked.cte("picked")
    rows = conn.execute(
        update(jobs)
        .where(jobs.c.id.in_(select(once.c.id)))
        .values(announced_at=now, announcement=jobs.c.announcement + 1)
        .returning(jobs.c.id, jobs.c.priority, jobs.c.attempts, jobs.c.announcement)
    ).all()
    found = sorted(rows, key=lambda row: (row.priority, row.id))
    return [Announcement(row.id, row.priority <= URGENT, row.attempts + 1, row.announcement) for row in found]
