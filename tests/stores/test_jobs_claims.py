"""A claim reads what it takes, not what waits; and ends many jobs at once, each only if its worker still has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.jobs import enqueue
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import complete_all, count_waiting

LEASE = timedelta(seconds=30)


def add(conn: Connection, number: int, **options: Any) -> None:
    for one in range(number):
        enqueue(conn, options.get("tenant", 1), "thing", {"n": one}, priority=options.get("priority", 5))


@pytest.mark.stores
async def test_tenants_and_priorities_take_turns_when_many_wait(db: Database, clock: ManualClock) -> None:
    for tenant in (1, 2, 7):
        for priority in (9, 1, 5):
            await db.write(add, 40, tenant=tenant, priority=priority)
    taken = await db.write(claim_due, "default", "one", clock.now(), LEASE, 8)
    assert sorted(job.tenant for job in taken) == [1, 1, 1, 2, 2, 2, 7, 7]
    first_of = {tenant: min(job.id for job in taken if job.tenant == tenant) for tenant in (1, 2, 7)}
    assert first_of == {1: 41, 2: 161, 7: 281}, "the oldest of the most urgent"
    rest = await db.write(claim_due, "default", "two", clock.now(), LEASE, 1_000)
    assert len({job.id for job in taken + rest}) == 360


@pytest.mark.stores
async def test_many_jobs_end_at_once_but_only_those_still_held(db: Database, clock: ManualClock) -> None:
    await db.write(add, 4)
    slow = await db.write(claim_due, "default", "slow", clock.now(), LEASE, 2)
    clock.advance(31)
    quick = await db.write(claim_due, "default", "quick", clock.now(), LEASE, 4)
    assert {job.id for job in slow} <= {job.id for job in quick}
    lost, others = slow[0], [job for job in quick if job.id not in {one.id for one in slow}]
    ends = await db.write(complete_all, [lost, *others])
    assert ends == [False, True, True]
    assert await db.read(count_waiting) == 2, "what another worker holds goes on"
    assert await db.write(complete_all, quick) == [job not in others for job in quick]
    assert await db.read(count_waiting) == 0


async def test_no_claim_looks_at_every_job(db: Database, clock: ManualClock) -> None:
    """SQLite says of each statement how it finds its rows; jobs are always searched by an index."""

    def plans(conn: Connection) -> list[str]:
        seen: list[str] = []
        driver: Any = conn.connection.driver_connection
        driver.set_trace_callback(seen.append)
        add(conn, 3)
        seen.clear()
        claimed = claim_due(conn, "default", "one", clock.now(), LEASE, 2)
        complete_all(conn, claimed)
        driver.set_trace_callback(None)
        steps = []
        for statement in seen:
            if statement.startswith(("WITH", "UPDATE", "DELETE", "SELECT")):
                explained = conn.execute(text("EXPLAIN QUERY PLAN " + statement.replace(":", "\\:")))
                steps += [row.detail for row in explained]
        return steps

    steps = await db.write(plans)
    assert any("ix_jobs_turn" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN job")]
