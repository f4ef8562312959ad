"""The worker on both databases: handlers run, fail, ask for another try, die; leases are kept and lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from opulse.db import Database
from opulse.jobs import Job, JobDead, JobRetry, enqueue
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import complete, list_dead
from tests.unit.jobs.working import CLOCK, gone, stored, until, working


@pytest.mark.stores
async def test_a_job_is_run_once_with_its_ports_and_then_gone(db: Database) -> None:
    seen: list[Any] = []

    async def on_thing(ports: Any, job: Job) -> None:
        seen.append((ports, job.tenant, job.payload))

    async with working(db, {"thing": on_thing}):
        await db.write(enqueue, 3, "thing", {"x": 1})
        await until(lambda: bool(seen))
        await asyncio.sleep(0.1)
    assert seen == [("the ports", 3, {"x": 1})]
    assert await db.read(stored) == []


@pytest.mark.stores
async def test_a_new_job_is_taken_at_once_and_not_at_the_next_look(db: Database) -> None:
    taken: list[float] = []
    loop = asyncio.get_running_loop()

    async def on_thing(ports: Any, job: Job) -> None:
        taken.append(loop.time())

    async with working(db, {"thing": on_thing}):
        await asyncio.sleep(0.2)  # it sleeps now
        began = loop.time()
        await db.write(enqueue, 1, "thing", {})
        await until(lambda: bool(taken))
    assert taken[0] - began < 0.8, "the sleep is one second; the commit must have ended it"


@pytest.mark.stores
async def test_the_end_of_a_job_commits_with_its_effect(db: Database) -> None:
    async def on_thing(ports: Any, job: Job) -> None:
        def unit(conn: Connection) -> None:
            enqueue(conn, 1, "effect", {})
            complete(conn, job)

        await db.write(unit)

    async with working(db, {"thing": on_thing}):
        await db.write(enqueue, 1, "thing", {})
        await gone(db, "thing")
    assert {row.kind for row in await db.read(stored)} == {"effect"}


@pytest.mark.stores
async def test_a_failing_job_is_tried_again_and_says_why(db: Database) -> None:
    attempts: list[int] = []

    async def on_thing(ports: Any, job: Job) -> None:
        attempts.append(job.attempt)
        if job.attempt == 1:
            raise ZeroDivisionError("once")

    async with working(db, {"thing": on_thing}):
        await db.write(enqueue, 1, "thing", {})
        await until(lambda: bool(attempts))
        await asyncio.sleep(0.2)
        [row] = await db.read(stored)
        assert row.last_error == "ZeroDivisionError: once"
        await until(lambda: len(attempts) == 2)
        await asyncio.sleep(0.2)
    assert attempts == [1, 2]
    assert await db.read(stored) == []


@pytest.mark.stores
async def test_a_handler_may_ask_for_a_time_of_its_own(db: Database) -> None:
    attempts: list[int] = []

    async def on_thing(ports: Any, job: Job) -> None:
        attempts.append(job.attempt)
        if len(attempts) < 3:
            raise JobRetry(0.05, "not yet", counts=False)

    async with working(db, {"thing": on_thing}):
        await db.write(enqueue, 1, "thing", {})
        await until(lambda: len(attempts) == 3)
        await asyncio.sleep(0.1)
    assert attempts == [1, 1, 1], "tries that do not count are not counted"
    assert await db.read(stored) == []


@pytest.mark.stores
@pytest.mark.parametrize("kind", ["thing", "unknown"])
async def test_what_no_further_try_can_help_is_kept_for_a_person(db: Database, kind: str) -> None:
    async def on_thing(ports: Any, job: Job) -> None:
        raise JobDead("the survey was closed")

    async with working(db, {"thing": on_thing}):
        await db.write(enqueue, 1, kind, {})
        await gone(db, kind)
    [dead] = await db.read(list_dead, 1)
    why = {"thing": "the survey was closed", "unknown": "no handler for unknown in this process"}
    assert dead["last_error"] == why[kind]


@pytest.mark.stores
async def test_two_workers_never_run_one_job_at_once(db: Database) -> None:
    running: set[int] = set()
    runs: list[int] = []

    async def on_thing(ports: Any, job: Job) -> None:
        assert job.id not in running
        running.add(job.id)
        await asyncio.sleep(0.01)
        running.discard(job.id)
        runs.append(job.id)

    def add(conn: Connection) -> None:
        for number in range(60):
            enqueue(conn, number % 3, "thing", {}, ordering="k" if number % 5 == 0 else "")

    async with working(db, {"thing": on_thing}, at_once=4), working(db, {"thing": on_thing}, at_once=4):
        await db.write(add)
        await until(lambda: len(runs) >= 60, 30)
        await asyncio.sleep(0.2)
    assert len(runs) == len(set(runs)) == 60


@pytest.mark.stores
async def test_no_more_jobs_run_at_once_than_allowed(db: Database) -> None:
    now, most, runs = 0, 0, 0

    async def on_thing(ports: Any, job: Job) -> None:
        nonlocal now, most, runs
        now += 1
        most = max(most, now)
        await until(lambda: most >= 3)  # the first ones wait for each other, however busy the machine is
        await asyncio.sleep(0.02)
        now -= 1
        runs += 1

    async with working(db, {"thing": on_thing}, at_once=3):
        await asyncio.gather(*(db.write(enqueue, 1, "thing", {}) for _ in range(12)))
        await until(lambda: runs == 12)
    assert most == 3


@pytest.mark.stores
async def test_a_long_job_keeps_its_lease(db: Database) -> None:
    runs: list[int] = []

    async def on_thing(ports: Any, job: Job) -> None:
        runs.append(job.attempt)
        await asyncio.sleep(3.5)

    short = timedelta(seconds=1.5)
    async with (
        working(db, {"thing": on_thing}, lease=short) as worker,
        working(db, {"thing": on_thing}, lease=short),
    ):
        await db.write(enqueue, 1, "thing", {})
        await until(lambda: bool(runs))
        await asyncio.sleep(4)
        assert worker is not None
    assert runs == [1]
    assert await db.read(stored) == []


@pytest.mark.stores
async def test_a_killed_workers_job_runs_again_when_its_lease_ends(db: Database) -> None:
    runs: list[int] = []

    async def on_thing(ports: Any, job: Job) -> None:
        runs.append(job.attempt)

    await db.write(enqueue, 1, "thing", {})
    lease = timedelta(seconds=0.7)
    [held] = await db.write(claim_due, "default", "the killed one", CLOCK.now(), lease, 1)
    async with working(db, {"thing": on_thing}):
        await asyncio.sleep(0.2)
        assert runs == [], "the lease of the dead is honoured"
        await until(lambda: bool(runs))
        await asyncio.sleep(0.1)
    assert runs == [2]
    assert not await db.write(complete, held), "should the dead come back, the job is not theirs any more"


@pytest.mark.stores
async def test_stopping_waits_for_what_runs(db: Database) -> None:
    done: list[int] = []
    began = asyncio.Event()

    async def on_thing(ports: Any, job: Job) -> None:
        began.set()
        await asyncio.sleep(0.3)
        done.append(job.id)

    async with working(db, {"thing": on_thing}):
        await db.write(enqueue, 1, "thing", {})
        await began.wait()
    assert len(done) == 1
    assert await db.read(stored) == []
