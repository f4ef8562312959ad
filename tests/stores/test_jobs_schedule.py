"""Work that comes back by the clock, and a database that goes away under it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from opulse.db import Database, open_database
from opulse.jobs import Job, enqueue
from opulse.jobs.claiming import claim_due
from opulse.jobs.schedule import EVERYBODY, Schedule
from opulse.jobs.table import bury, jobs
from tests.servers.postgres import PostgresServer
from tests.unit.jobs.working import CLOCK, stored, until, working


@pytest.mark.stores
async def test_scheduled_work_is_one_job_at_a_time(db: Database) -> None:
    schedule = Schedule(db, CLOCK, {"chore": 0.05})
    await schedule.start()
    await asyncio.sleep(0.4)
    await schedule.stop()
    [row] = await db.read(stored)
    assert (row.tenant, row.kind) == (EVERYBODY, "chore")


@pytest.mark.stores
async def test_scheduled_work_that_was_given_up_comes_back(db: Database) -> None:
    """Nobody looks at a dead chore; without this, alarms would never again be cleared after a bad quarter of an hour."""
    await db.write(enqueue, EVERYBODY, "chore", {}, unique="chore")
    [job] = await db.write(claim_due, "default", "one", CLOCK.now(), timedelta(seconds=30), 1)
    await db.write(bury, job, "the disk was full")
    runs: list[int] = []

    async def on_chore(ports: Any, job: Job) -> None:
        runs.append(job.attempt)

    schedule = Schedule(db, CLOCK, {"chore": 0.1})
    async with working(db, {"chore": on_chore}):
        await schedule.start()
        await until(lambda: len(runs) >= 2)
        await schedule.stop()
    assert runs[:2] == [1, 1]


async def test_the_worker_outlives_a_database_that_goes_away(postgres: PostgresServer) -> None:
    name = postgres.create_database()
    db = await open_database(postgres.url(name))
    await db.write(jobs.create)
    runs: list[int] = []

    async def on_thing(ports: Any, job: Job) -> None:
        runs.append(job.id)

    schedule = Schedule(db, CLOCK, {"thing": 0.1})
    async with working(db, {"thing": on_thing}, lease=timedelta(seconds=1)):
        await schedule.start()
        await until(lambda: bool(runs))
        _cut(postgres, name)
        before = len(runs)
        await asyncio.sleep(0.5)
        postgres.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await until(lambda: len(runs) > before + 1, 20)
        await schedule.stop()
    await db.close()
    postgres.drop_database(name)


def _cut(postgres: PostgresServer, name: str) -> None:
    """Take no connection to the database any more, and end those that there are."""
    postgres.sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
