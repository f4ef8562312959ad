"""What the stream is told, and what a worker may take of it, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from opulse.db import Database
from opulse.jobs import Job, enqueue
from opulse.jobs.announcing import Announcement, announce_due, announce_late, claim_announced
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import bury, complete, reschedule

pytestmark = pytest.mark.stores

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


def due(at: int = 0, limit: int = 100) -> Callable[[Connection], list[Announcement]]:
    return lambda conn: announce_due(conn, "default", NOON + at * SECOND, limit)


def late(at: int, after: int) -> Callable[[Connection], list[Announcement]]:
    return lambda conn: announce_late(conn, "default", NOON + at * SECOND, after * SECOND, 100)


def take(*ids: int, at: int = 0) -> Callable[[Connection], list[Job]]:
    return lambda conn: claim_announced(conn, ids, f"claim at {at}", NOON + at * SECOND, LEASE)


async def add(db: Database, kind: str = "thing", **more: Any) -> None:
    await db.write(enqueue, 1, kind, {}, **more)


async def test_a_job_is_announced_once_the_urgent_ones_first(db: Database) -> None:
    await add(db, "import", priority=6)
    await add(db, "incident", priority=0)
    first, second = await db.write(due())
    assert (first.urgent, second.urgent) == (True, False)
    assert await db.write(due(1)) == []


async def test_a_job_that_is_not_due_is_announced_when_it_is(db: Database) -> None:
    await add(db, run_at=NOON + 10 * SECOND)
    assert await db.write(due(9)) == []
    assert len(await db.write(due(10))) == 1


async def test_each_try_is_an_announcement_of_its_own(db: Database) -> None:
    await add(db)
    (first,) = await db.write(due())
    (job,) = await db.write(take(first.job))
    await db.write(reschedule, job, NOON + 5 * SECOND, "again", counts=True)
    (second,) = await db.write(due(5))
    assert (second.job, second.attempt) == (first.job, 2)
    assert second.id != first.id


async def test_what_was_announced_and_not_taken_is_announced_again_under_another_id(db: Database) -> None:
    await add(db)
    (first,) = await db.write(due())
    assert await db.write(late(4, after=5)) == []
    (again,) = await db.write(late(5, after=5))
    assert (again.job, again.attempt) == (first.job, first.attempt)
    assert again.id != first.id, "the stream would drop a message whose id it remembers"
    assert await db.write(late(6, after=5)) == []


async def test_what_is_being_worked_on_is_not_late_until_its_lease_ends(db: Database) -> None:
    await add(db)
    (one,) = await db.write(due())
    assert len(await db.write(take(one.job))) == 1
    assert await db.write(late(29, after=5)) == []
    assert [again.attempt for again in await db.write(late(30, after=5))] == [2]


async def test_a_message_that_comes_twice_or_too_late_takes_nothing(db: Database) -> None:
    for _ in range(3):
        await add(db)
    taken, done, dead = [one.job for one in await db.write(due())]
    (holder, finished, buried) = await db.write(take(taken, done, dead))
    await db.write(complete, finished)
    await db.write(bury, buried, "no use")
    assert await db.write(take(taken, done, dead, 4711, at=1)) == []
    assert [job.attempt for job in await db.write(take(taken, at=30))] == [2]
    assert not await db.write(complete, holder), "the first holder was too slow"


async def test_order_is_kept(db: Database) -> None:
    await add(db, "first", ordering="x")
    await add(db, "second", ordering="x")
    (first,) = await db.write(due())
    (job,) = await db.write(take(first.job))
    assert await db.write(due(1)) == []
    assert await db.write(take(first.job + 1, at=1)) == []
    await db.write(complete, job)
    (second,) = await db.write(due(2))
    assert [one.kind for one in await db.write(take(second.job, at=2))] == ["second"]


async def test_whoever_looks_through_the_table_and_whoever_is_told_share_the_jobs(db: Database) -> None:
    for _ in range(4):
        await add(db)
    announced = [one.job for one in await db.write(due())]
    looked = await db.write(claim_due, "default", "other", NOON, LEASE, 2)
    told = await db.write(take(*announced))
    assert sorted(job.id for job in looked + told) == sorted(announced)


async def test_no_more_are_announced_at_once_than_wanted(db: Database) -> None:
    for _ in range(5):
        await add(db)
    assert [len(await db.write(due(limit=2))) for _ in range(3)] == [2, 2, 1]
