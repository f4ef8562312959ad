"""The queries of a scrape. Each reads one small index: of jobs, of due invitations, of the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from opulse.db import Instant
from opulse.experience.directory.views import change_sets
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.workflows.views import runs
from opulse.jobs.models import JobState
from opulse.jobs.table import jobs
from opulse.monitoring.systems.views import newest_positions
from opulse.pulses.watch.models import FirstTimes, Queue, Waiting


def read_waiting(conn: Connection, now: datetime) -> Waiting:
    return Waiting(tuple(_queues(conn, now)), _mails(conn, now), newest_positions(conn))


def find_first_times(conn: Connection, tenant: int, activation: str) -> FirstTimes:
    """The first run of an activation is the webhook's: every other one is caused by it."""
    started = select(func.min(runs.c.started_at, type_=Instant())).where(
        runs.c.tenant == tenant, or_(runs.c.activation == activation, runs.c.event_key == activation)
    )
    changed = select(func.min(change_sets.c.at, type_=Instant())).where(
        change_sets.c.tenant == tenant,
        change_sets.c.run.in_(
            select(runs.c.id).where(runs.c.tenant == tenant, runs.c.activation == activation)
        ),
    )
    return FirstTimes(conn.execute(started).scalar(), conn.execute(changed).scalar())


def _queues(conn: Connection, now: datetime) -> list[Queue]:
    waits = jobs.c.state == JobState.WAITING.value
    free = and_(waits, jobs.c.run_at <= now, jobs.c.lease_until <= now)
    rows = conn.execute(
        select(
            jobs.c.queue,
            _count(free).label("due"),
            _count(waits).label("waiting"),
            _count(jobs.c.state == JobState.DEAD.value).label("dead"),
            func.min(case((free, jobs.c.id))).label("oldest"),
            func.min(case((free, jobs.c.run_at)), type_=Instant()).label("run_at"),
        ).group_by(jobs.c.queue)
    )
    return [
        Queue(row.queue, row.due, row.waiting - row.due, row.dead, row.oldest or 0, row.run_at)
        for row in rows
    ]


def _count(condition: ColumnElement[bool]) -> Any:
    return func.count(case((condition, 1)))


def _mails(conn: Connection, now: datetime) -> dict[str, datetime]:
    rows = conn.execute(
        select(distributions.c.state, func.min(invitations.c.next_try_at, type_=Instant()).label("due"))
        .join_from(
            invitations,
            distributions,
            and_(
                distributions.c.tenant == invitations.c.tenant,
                distributions.c.id == invitations.c.distribution,
            ),
        )
        .where(invitations.c.next_try_at.is_not(None), invitations.c.next_try_at <= now)
        .group_by(distributions.c.state)
    )
    return {row.state: row.due for row in rows}
