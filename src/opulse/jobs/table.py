"""The outbox table and all its SQL. Jobs are claimed by lease, so that a killed worker's job runs again when its lease ends."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db.types import Instant, JsonDoc, metadata
from opulse.db.wake import wake
from opulse.jobs.models import Job, JobState

DUE_NOW = datetime(1970, 1, 1, tzinfo=UTC)
NO_LEASE = DUE_NOW
NEVER = DUE_NOW

jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", JsonDoc, nullable=False),
    Column("unique_key", Text, nullable=False),
    Column(
        "ordering_key", Text, nullable=False
    ),  # empty: no order; else after every earlier job of the same key
    Column("priority", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("run_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("lease_owner", Text, nullable=False),
    Column("last_error", Text, nullable=False),
    Column(
        "announced_at", Instant, nullable=False, default=NEVER
    ),  # to the stream, for this try: announcing.py
    Column("announcement", Integer, nullable=False, default=0),  # how often
    UniqueConstraint("tenant", "kind", "unique_key"),
    Index("ix_jobs_due", "state", "queue", "run_at"),
)


def enqueue(
    conn: Connection,
    tenant: int,
    kind: str,
    payload: Mapping[str, Any],
    *,
    unique: str | None = None,
    run_at: datetime | None = None,
    queue: str = "default",
    ordering: str = "",
    priority: int = 5,
) -> None:
    """Add a job in the caller's transaction.

    Args:
        unique: while a job of this kind with the same key waits, runs or is dead, no second one is added.
        run_at: not before this time.
        ordering: jobs of one ordering key run one after the other, in the order in which they were added.
        priority: smaller runs first among those that are due.
    """
    row = {
        "tenant": tenant,
        "queue": queue,
        "kind": kind,
        "payload": dict(payload),
        "unique_key": unique or secrets.token_hex(12),
        "ordering_key": ordering,
        "priority": priority,
        "state": JobState.WAITING.value,
        "run_at": run_at or DUE_NOW,
        "attempts": 0,
        "lease_until": NO_LEASE,
        "lease_owner": "",
        "last_error": "",
    }
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    conn.execute(dialect.insert(jobs).values(row).on_conflict_do_nothing())
    wake(conn, f"jobs.{queue}")


def claim_due(
    conn: Connection, queue: str, owner: str, now: datetime, lease: timedelta, limit: int
) -> list[Job]:
    """Lease up to ``limit`` due jobs to ``owner``, the most urgent first, each tenant's in turn.

    ``owner`` names this claim and no other, so that a worker which was too slow cannot end what it has meanwhile claimed again.
    """
    turn = func.row_number().over(
        partition_by=jobs.c.tenant, order_by=(jobs.c.priority, jobs.c.run_at, jobs.c.id)
    )
    due = (
        select(jobs.c.id, jobs.c.priority, turn.label("turn"))
        .where(jobs.c.queue == queue, is_free(now), in_order())
        .subquery()
    )
    chosen = select(due.c.id).order_by(due.c.turn, due.c.priority, due.c.id).limit(limit)
    return lease_picked(conn, select(jobs.c.id).where(jobs.c.id.in_(chosen)), owner, now, lease)


def is_free(now: datetime) -> ColumnElement[bool]:
    """Due, and nobody has it."""
    return and_(jobs.c.state == JobState.WAITING.value, jobs.c.run_at <= now, jobs.c.lease_until <= now)


def in_order() -> ColumnElement[bool]:
    """No earlier job of the same ordering key waits or runs."""
    earlier = jobs.alias("earlier")
    blocked = exists().where(
        earlier.c.tenant == jobs.c.tenant,
        earlier.c.ordering_key == jobs.c.ordering_key,
        earlier.c.id < jobs.c.id,
        earlier.c.state == JobState.WAITING.value,
    )
    return or_(jobs.c.ordering_key == "", ~blocked)


def lease_picked(
    conn: Connection, picked: Select[tuple[int]], owner: str, now: datetime, lease: timedelta
) -> list[Job]:
    """Lease those of the picked rows that are free, the most urgent first."""
    # the test once more: on PostgreSQL a row may have been taken, put off or buried since it was picked
    picked = picked.where(is_free(now))
    if conn.dialect.name == "postgresql":
        picked = picked.with_for_update(skip_locked=True)
    once = picked.cte("picked")  # PostgreSQL may run a subquery with SKIP LOCKED again and claim too many
    rows = conn.execute(
        update(jobs)
        .where(jobs.c.id.in_(select(once.c.id)))
        .values(lease_owner=owner, lease_until=now + lease, attempts=jobs.c.attempts + 1)
        .returning(jobs.c.id, jobs.c.tenant, jobs.c.kind, jobs.c.payload, jobs.c.attempts, jobs.c.priority)
    ).all()
    return [
        Job(row.id, row.tenant, row.kind, row.payload, row.attempts, now + lease, owner)
        for row in sorted(rows, key=lambda row: (row.priority, row.id))
    ]


def next_due(conn: Connection, queue: str, now: datetime) -> datetime | None:
    """When the next job of ``queue`` is due that is not due yet; None when none waits."""
    moment = (
        func.max(jobs.c.run_at, jobs.c.lease_until)
        if conn.dialect.name == "sqlite"
        else func.greatest(jobs.c.run_at, jobs.c.lease_until)
    )
    typed = func.min(moment, type_=Instant())
    found: datetime | None = conn.execute(
        select(typed).where(jobs.c.state == JobState.WAITING.value, jobs.c.queue == queue)
    ).scalar()
    return found


def renew_lease(conn: Connection, job: Job, until: datetime) -> bool:
    """Hold the job until ``until``; False when another worker has it by now."""
    done = conn.execute(
        update(jobs).where(jobs.c.id == job.id, jobs.c.lease_owner == job.owner).values(lease_until=until)
    )
    return done.rowcount == 1


def complete(conn: Connection, job: Job) -> bool:
    """The job is done; call it in the unit that writes the job's effect. False when another worker has the job by now."""
    done = conn.execute(delete(jobs).where(jobs.c.id == job.id, jobs.c.lease_owner == job.owner))
    return done.rowcount == 1


def reschedule(conn: Connection, job: Job, run_at: datetime, error: str, *, counts: bool) -> None:
    """Another try at ``run_at``."""
    attempts = jobs.c.attempts if counts else jobs.c.attempts - 1
    conn.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.lease_owner == job.owner)
        .values(
            run_at=run_at,
            lease_until=NO_LEASE,
            lease_owner="",
            attempts=attempts,
            last_error=error[:2000],
            announced_at=NEVER,
        )
    )


def bury(conn: Connection, job: Job, error: str) -> None:
    """No further try; the row stays for a person."""
    conn.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.lease_owner == job.owner)
        .values(state=JobState.DEAD.value, lease_until=NO_LEASE, lease_owner="", last_error=error[:2000])
    )


def list_dead(conn: Connection, tenant: int, limit: int = 100) -> list[dict[str, Any]]:
    """Jobs that were given up, newest first."""
    rows = conn.execute(
        select(jobs.c.id, jobs.c.kind, jobs.c.attempts, jobs.c.last_error, jobs.c.run_at)
        .where(jobs.c.tenant == tenant, jobs.c.state == JobState.DEAD.value)
        .order_by(jobs.c.id.desc())
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]


def revive(conn: Connection, tenant: int, job_id: int) -> bool:
    """Run a dead job again, as if for the first time."""
    revived = conn.execute(
        update(jobs)
        .where(jobs.c.tenant == tenant, jobs.c.id == job_id, jobs.c.state == JobState.DEAD.value)
        .values(state=JobState.WAITING.value, attempts=0, run_at=DUE_NOW, announced_at=NEVER)
        .returning(jobs.c.queue)
    ).scalar_one_or_none()
    if revived is not None:
        wake(conn, f"jobs.{revived}")
    return revived is not None


def forget_dead(conn: Connection, tenant: int, kind: str) -> None:
    """Drop the dead jobs of a kind that comes back by itself."""
    conn.execute(
        delete(jobs).where(jobs.c.tenant == tenant, jobs.c.kind == kind, jobs.c.state == JobState.DEAD.value)
    )


def release_leases(conn: Connection) -> int:
    """Make every leased job free: only for a process that is alone on its database, when it starts. Returns how many."""
    done = conn.execute(
        update(jobs).where(jobs.c.lease_until > NO_LEASE).values(lease_until=NO_LEASE, lease_owner="")
    )
    return int(done.rowcount)


def count_waiting(conn: Connection, tenant: int | None = None) -> int:
    """Jobs that wait or run; of one tenant, or of the whole process."""
    query = select(func.count()).select_from(jobs).where(jobs.c.state == JobState.WAITING.value)
    if tenant is not None:
        query = query.where(jobs.c.tenant == tenant)
    return int(conn.execute(query).scalar_one())


__all__ = [
    "bury",
    "claim_due",
    "complete",
    "count_waiting",
    "enqueue",
    "forget_dead",
    "in_order",
    "is_free",
    "jobs",
    "lease_picked",
    "list_dead",
    "next_due",
    "release_leases",
    "renew_lease",
    "reschedule",
    "revive",
]
