"""Claims: jobs are taken by lease, so that a killed worker's job runs again when its lease ends.

A claim reads what it takes and not what waits. The index has the jobs of each tenant and priority together in the order of their
turn; the claim steps from one such row of jobs to the next and reads the head of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Update,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)

from opulse.db import as_json, listed
from opulse.db.types import Instant
from opulse.jobs.models import Job, JobState
from opulse.jobs.table import jobs

_TAKEN = (jobs.c.id, jobs.c.tenant, jobs.c.kind, jobs.c.payload, jobs.c.attempts, jobs.c.priority)


def claim_due(
    conn: Connection, queue: str, owner: str, now: datetime, lease: timedelta, limit: int
) -> list[Job]:
    """Lease up to ``limit`` due jobs to ``owner``, the most urgent first, each tenant's in turn.

    ``owner`` names this claim and no other, so that a worker which was too slow cannot end what it has meanwhile claimed again.
    """
    given = {"of_queue": queue, "now": now, "most": limit}
    chosen = conn.execute(_choose(conn.dialect.name), given).scalars().all()
    return lease_picked(conn, chosen, owner, now, lease) if chosen else []


def lease_picked(
    conn: Connection, picked: Sequence[int], owner: str, now: datetime, lease: timedelta
) -> list[Job]:
    """Lease those of the picked jobs that are free and in order, the most urgent first."""
    ids = list(picked) if conn.dialect.name == "postgresql" else as_json(list(picked))
    given = {"picked": ids, "now": now, "by": owner, "until": now + lease}
    rows = conn.execute(_lease(conn.dialect.name), given).all()
    return [
        Job(row.id, row.tenant, row.kind, row.payload, row.attempts, now + lease, owner)
        for row in sorted(rows, key=lambda row: (row.priority, row.id))
    ]


def is_free(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Due, and nobody has it."""
    return and_(jobs.c.state == JobState.WAITING.value, jobs.c.run_at <= now, jobs.c.lease_until <= now)


def in_order() -> ColumnElement[bool]:
    """No earlier job of the same ordering key waits or runs."""
    earlier = jobs.alias("earlier")
    blocked = exists().where(
        earlier.c.tenant == jobs.c.tenant,
        earlier.c.ordering_key == jobs.c.ordering_key,
        earlier.c.ordering_key != literal_column("''"),  # as the index has it
        earlier.c.id < jobs.c.id,
        earlier.c.state == JobState.WAITING.value,
    )
    return or_(jobs.c.ordering_key == "", ~blocked)


@cache
def _choose(dialect: str) -> Select[Any]:
    """The ids of the next jobs in turn: one of each tenant, then another of each, the urgent before the others."""
    heads = _heads_lateral(_levels()) if dialect == "postgresql" else _heads_listed(_levels())
    turn = func.row_number().over(partition_by=heads.c.tenant, order_by=_order(heads))
    due = select(heads.c.id, heads.c.priority, turn.label("turn")).subquery()
    return select(due.c.id).order_by(due.c.turn, due.c.priority, due.c.id).limit(_most())


def _order(rows: FromClause) -> tuple[ColumnElement[Any], ...]:
    return rows.c.priority, rows.c.run_at, rows.c.id


def _levels() -> CTE:
    """Each tenant and priority of which a job waits: found by stepping over the index, however many jobs wait."""
    job = jobs.alias("step")
    waits = (job.c.queue == _queue(), job.c.state == JobState.WAITING.value)

    def least(column: ColumnElement[int], *beyond: ColumnElement[bool]) -> ColumnElement[int]:
        return select(func.min(column)).where(*waits, *beyond).scalar_subquery()

    tenants = select(least(job.c.tenant).label("tenant")).cte("tenants", recursive=True)
    tenants = tenants.union_all(
        select(least(job.c.tenant, job.c.tenant > tenants.c.tenant)).where(tenants.c.tenant.is_not(None))
    )
    first = least(job.c.priority, job.c.tenant == tenants.c.tenant)
    levels = (
        select(tenants.c.tenant, first.label("priority"))
        .where(tenants.c.tenant.is_not(None))
        .cte("levels", recursive=True)
    )
    further = least(job.c.priority, job.c.tenant == levels.c.tenant, job.c.priority > levels.c.priority)
    return levels.union_all(select(levels.c.tenant, further).where(levels.c.priority.is_not(None)))


def _head_of(levels: CTE, *columns: ColumnElement[Any]) -> Select[Any]:
    """The first jobs of a level that may run."""
    return (
        select(*columns)
        .where(
            jobs.c.queue == _queue(),
            jobs.c.tenant == levels.c.tenant,
            jobs.c.priority == levels.c.priority,
            is_free(_now()),
            in_order(),
        )
        .order_by(jobs.c.run_at, jobs.c.id)
        .limit(_most())
    )


def _heads_lateral(levels: CTE) -> FromClause:
    head = _head_of(levels, jobs.c.id, jobs.c.tenant, jobs.c.priority, jobs.c.run_at).lateral("head")
    return select(head).select_from(levels.join(head, true())).subquery("heads")


def _heads_listed(levels: CTE) -> FromClause:
    """SQLite knows no lateral join; a list that depends on the level, looked up by the row's id, is the same."""
    job = jobs.alias("job")
    head = _head_of(levels, jobs.c.id).correlate(levels)
    chosen = select(job.c.id, job.c.tenant, job.c.priority, job.c.run_at)
    return chosen.select_from(levels.join(job, job.c.id.in_(head))).subquery("heads")


@cache
def _lease(dialect: str) -> Update:
    """On PostgreSQL a row may have been taken, put off or buried since it was picked: the conditions are asked once more."""
    if dialect == "postgresql":
        # an array is looked up by the key; of joined rows the planner may think that a look at every job is as good
        picked = select(jobs.c.id).where(jobs.c.id == any_(bindparam("picked", type_=ARRAY(BigInteger()))))
        picked = picked.with_for_update(skip_locked=True)
    else:
        numbers = listed(dialect, "picked", numbers=True)
        picked = select(jobs.c.id).where(jobs.c.id.in_(select(numbers.c.value)))
    picked = picked.where(is_free(_now()), in_order())
    once = picked.cte("once")  # PostgreSQL may run a subquery with SKIP LOCKED again and claim too many
    return (
        update(jobs)
        .where(jobs.c.id.in_(select(once.c.id)))
        .values(lease_owner=bindparam("by"), lease_until=bindparam("until"), attempts=jobs.c.attempts + 1)
        .returning(*_TAKEN)
    )


def _queue() -> BindParameter[str]:
    return bindparam("of_queue")


def _now() -> BindParameter[datetime]:
    return bindparam("now", type_=Instant())


def _most() -> BindParameter[int]:
    return bindparam("most", type_=Integer())
