"""The outbox: jobs are added to it, and end. How they are claimed stands in :mod:`opulse.jobs.claiming`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db import as_json
from opulse.db.json_rows import json_rows
from opulse.db.types import Instant, JsonDoc, metadata
from opulse.db.wake import wake
from opulse.jobs.models import Job, JobState

DUE_NOW = datetime(1970, 1, 1, tzinfo=UTC)
NO_LEASE = DUE_NOW
NEVER = DUE_NOW
ORDERED = text("ordering_key <> ''")

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
    Index("ix_jobs_turn", "queue", "state", "tenant", "priority", "run_at", "id"),  # claims
    Index("ix_jobs_announced", "queue", "state", "announced_at", "run_at"),  # the relay to the stream
    Index("ix_jobs_ordering", "tenant", "ordering_key", "id", sqlite_where=ORDERED, postgresql_where=ORDERED),
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
    row = _row(tenant, queue, kind, payload, unique, run_at, ordering, priority)
    conn.execute(_insert(conn.dialect.name), row)
    wake(conn, f"jobs.{queue}")


def enqueue_all(
    conn: Connection,
    tenant: int,
    kind: str,
    wanted: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    queue: str = "default",
    priority: int = 5,
) -> None:
    """A job for each (unique key, payload), all in one statement; see :func:`enqueue`."""
    if not wanted:
        return
    rows = [_row(tenant, queue, kind, payload, unique, None, "", priority) for unique, payload in wanted]
    conn.execute(_insert(conn.dialect.name), rows)
    wake(conn, f"jobs.{queue}")


def _row(
    tenant: int,
    queue: str,
    kind: str,
    payload: Mapping[str, Any],
    unique: str | None,
    run_at: datetime | None,
    ordering: str,
    priority: int,
) -> dict[str, Any]:
    return {
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


@cache
def _insert(dialect: str) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(jobs).on_conflict_do_nothing()


def renew_lease(conn: Connection, job: Job, until: datetime) -> bool:
    """Hold the job until ``until``; False when another worker has it by now."""
    done = conn.execute(
        update(jobs).where(jobs.c.id == job.id, jobs.c.lease_owner == job.owner).values(lease_until=until)
    )
    return done.rowcount == 1


def complete(conn: Connection, job: Job) -> bool:
    """The job is done; call it in the unit that writes the job's effect. False when another worker has the job by now."""
    return complete_all(conn, [job])[0]


def complete_all(conn: Connection, done: Sequence[Job]) -> list[bool]:
    """:func:`complete` for each of them."""
    rows = as_json([(job.id, job.owner) for job in done])
    ended = set(conn.execute(_delete(conn.dialect.name), {"done": rows}).scalars())
    return [job.id in ended for job in done]


@cache
def _delete(dialect: str) -> Any:
    given = json_rows(dialect, "done", {"id": BigInteger(), "owner": Text()})
    held = tuple_(jobs.c.id, jobs.c.lease_owner).in_(select(given.c.id, given.c.owner))
    return delete(jobs).where(held).returning(jobs.c.id)


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
