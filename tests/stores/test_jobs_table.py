"""The outbox table on both databases: what is claimed, by whom, in which order, and what becomes of it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.jobs import Job, enqueue
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import (
    bury,
    complete,
    count_waiting,
    forget_dead,
    jobs,
    list_dead,
    release_leases,
    renew_lease,
    reschedule,
    revive,
)

pytestmark = pytest.mark.stores

LEASE = timedelta(seconds=30)


def add(conn: Connection, /, *names: str, tenant: int = 1, **options: Any) -> None:
    for name in names:
        enqueue(conn, tenant, "thing.happened", {"name": name}, **options)


async def claim(db: Database, clock: ManualClock, limit: int = 100, owner: str = "one") -> list[Job]:
    return await db.write(claim_due, "default", owner, clock.now(), LEASE, limit)


def names(claimed: list[Job]) -> list[str]:
    return [job.payload["name"] for job in claimed]


async def test_a_claimed_job_carries_what_was_added(db: Database, clock: ManualClock) -> None:
    await db.write(enqueue, 7, "activation.opened", {"activation": "a-1", "wave": 2})
    [job] = await claim(db, clock)
    assert (job.tenant, job.kind, job.payload) == (7, "activation.opened", {"activation": "a-1", "wave": 2})
    assert (job.attempt, job.owner, job.lease_until) == (1, "one", clock.now() + LEASE)


async def test_a_job_is_added_with_the_fact_or_not_at_all(db: Database, clock: ManualClock) -> None:
    def unit(conn: Connection) -> None:
        add(conn, "never")
        raise LookupError("the fact did not happen")

    with pytest.raises(LookupError):
        await db.write(unit)
    assert await claim(db, clock) == []


async def test_a_leased_job_is_nobody_elses_until_its_lease_ends(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a")
    [first] = await claim(db, clock)
    clock.advance(29.9)
    assert await claim(db, clock, owner="two") == []
    clock.advance(0.2)
    [second] = await claim(db, clock, owner="two")
    assert (second.id, second.attempt) == (first.id, 2)
    assert not await db.write(renew_lease, first, clock.now() + LEASE), "the first owner has lost it"
    assert not await db.write(complete, first), "and cannot end it"
    assert await db.write(complete, second)


async def test_a_renewed_lease_holds(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a")
    [job] = await claim(db, clock)
    clock.advance(25)
    assert await db.write(renew_lease, job, clock.now() + LEASE)
    clock.advance(25)
    assert await claim(db, clock, owner="two") == []


async def test_a_completed_job_is_gone(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a")
    [job] = await claim(db, clock)
    assert await db.write(complete, job)
    clock.advance(3600)
    assert await claim(db, clock) == []
    assert await db.read(count_waiting) == 0


async def test_a_job_is_not_due_before_its_time(db: Database, clock: ManualClock) -> None:
    await db.write(add, "later", run_at=clock.now() + timedelta(seconds=10))
    assert await claim(db, clock) == []
    clock.advance(10)
    assert names(await claim(db, clock)) == ["later"]


@pytest.mark.parametrize(("counts", "attempt"), [(True, 2), (False, 1)])
async def test_a_rescheduled_job_comes_back_at_its_time(
    db: Database, clock: ManualClock, counts: bool, attempt: int
) -> None:
    await db.write(add, "a")
    [job] = await claim(db, clock)
    await db.write(reschedule, job, clock.now() + timedelta(seconds=60), "busy", counts=counts)
    clock.advance(59)
    assert await claim(db, clock) == []
    clock.advance(1)
    [again] = await claim(db, clock)
    assert again.attempt == attempt


async def test_a_buried_job_waits_for_a_person(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a")
    [job] = await claim(db, clock)
    await db.write(bury, job, "it never worked")
    clock.advance(86_400)
    assert await claim(db, clock) == []
    [dead] = await db.read(list_dead, 1)
    assert (dead["id"], dead["kind"], dead["last_error"]) == (job.id, "thing.happened", "it never worked")
    assert await db.read(list_dead, 2) == [], "another tenant's dead are its own"
    assert not await db.write(revive, 2, job.id)
    assert await db.write(revive, 1, job.id)
    [again] = await claim(db, clock)
    assert (again.id, again.attempt) == (job.id, 1)
    assert not await db.write(revive, 1, job.id), "only the dead are revived"


async def test_a_revived_job_wakes_the_workers_of_its_own_queue(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a", queue="slow")
    [job] = await db.write(claim_due, "slow", "one", clock.now(), LEASE, 1)
    await db.write(bury, job, "")
    sleeper = db.wakes.sleeper("jobs.slow")
    await db.write(revive, 1, job.id)
    await asyncio.wait_for(sleeper.wait(), 5)
    assert [job.id for job in await db.write(claim_due, "slow", "one", clock.now(), LEASE, 1)] == [job.id]


async def test_one_key_is_one_job_while_it_waits_runs_or_is_dead(db: Database, clock: ManualClock) -> None:
    await db.write(add, "first", unique="k")
    await db.write(add, "second", unique="k")
    [job] = await claim(db, clock)
    assert names([job]) == ["first"]
    await db.write(add, "third", unique="k")
    await db.write(bury, job, "")
    await db.write(add, "fourth", unique="k")
    clock.advance(60)
    assert await claim(db, clock) == []
    await db.write(forget_dead, 1, "thing.happened")
    await db.write(add, "fifth", unique="k")
    await db.write(add, "elsewhere", unique="k", tenant=2)
    assert sorted(names(await claim(db, clock))) == ["elsewhere", "fifth"]


async def test_jobs_of_one_ordering_key_run_one_after_the_other(db: Database, clock: ManualClock) -> None:
    """A late "activated" never follows "resolved"."""
    await db.write(add, "1", "2", "3", ordering="activation/recipient")
    await db.write(add, "free")
    first = await claim(db, clock)
    assert sorted(names(first)) == ["1", "free"]
    one, free = sorted(first, key=lambda job: job.payload["name"])
    await db.write(complete, free)
    assert await claim(db, clock) == []
    await db.write(reschedule, one, clock.now() + timedelta(seconds=300), "busy", counts=True)
    assert await claim(db, clock) == [], "the one that waits for its next try still holds back the others"
    clock.advance(300)
    [one] = await claim(db, clock)
    await db.write(complete, one)
    assert names(await claim(db, clock)) == ["2"]


async def test_a_dead_job_does_not_hold_back_the_others_for_ever(db: Database, clock: ManualClock) -> None:
    await db.write(add, "1", "2", ordering="k")
    [one] = await claim(db, clock)
    await db.write(bury, one, "")
    assert names(await claim(db, clock)) == ["2"]


async def test_ordering_keys_of_two_tenants_do_not_meet(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a", ordering="k", tenant=1)
    await db.write(add, "b", ordering="k", tenant=2)
    assert sorted(names(await claim(db, clock))) == ["a", "b"]


async def test_a_tenant_with_many_jobs_keeps_no_other_waiting(db: Database, clock: ManualClock) -> None:
    await db.write(add, *[f"big{number}" for number in range(50)], tenant=1)
    await db.write(add, "small", tenant=2)
    await db.write(add, "tiny", tenant=3)
    assert sorted(names(await claim(db, clock, limit=3))) == ["big0", "small", "tiny"]


async def test_within_a_tenant_the_urgent_go_first(db: Database, clock: ManualClock) -> None:
    await db.write(add, "usual")
    await db.write(add, "urgent", priority=1)
    await db.write(add, "whenever", priority=9)
    assert names(await claim(db, clock, limit=2)) == ["urgent", "usual"]


async def test_the_older_goes_first_among_equals(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a", "b", "c")
    taken = [name for _ in range(3) for name in names(await claim(db, clock, limit=1))]
    assert taken == ["a", "b", "c"]


async def test_queues_are_apart(db: Database, clock: ManualClock) -> None:
    await db.write(add, "other", queue="other")
    assert await claim(db, clock) == []


async def test_a_start_alone_frees_what_a_killed_predecessor_held(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a", "b")
    await claim(db, clock, limit=1)
    assert await db.write(release_leases) == 1
    assert sorted(names(await claim(db, clock))) == ["a", "b"]


async def test_waiting_jobs_are_counted_by_tenant_and_in_all(db: Database, clock: ManualClock) -> None:
    await db.write(add, "a", "b")
    await db.write(add, "c", tenant=2)
    await claim(db, clock, limit=1)
    assert await db.read(count_waiting) == 3, "one that runs has not ended"
    assert await db.read(count_waiting, 2) == 1


async def test_no_two_of_many_workers_ever_get_the_same_job(db: Database, clock: ManualClock) -> None:
    await db.write(add, *[str(number) for number in range(120)])
    await db.write(add, *[f"k{number}" for number in range(12)], ordering="k")

    async def work(owner: str) -> list[int]:
        got: list[int] = []
        while claimed := await claim(db, clock, limit=7, owner=owner):
            got += [job.id for job in claimed]
            for job in claimed:
                assert await db.write(complete, job)
        return got

    by_worker = await asyncio.gather(*(work(f"worker{number}") for number in range(6)))
    taken = [number for got in by_worker for number in got]
    assert len(taken) == len(set(taken)), "a job was handed out twice"
    left = await claim(
        db, clock
    )  # those behind an ordering key may have been waiting when the others went home
    assert len(taken) + len(left) + await _behind(db, left) == 132


async def _behind(db: Database, left: list[Job]) -> int:
    def count(conn: Connection) -> int:
        return len(conn.execute(select(jobs.c.id)).all()) - len(left)

    return await db.read(count)


async def test_a_job_that_is_put_off_meanwhile_is_not_taken_early(db: Database, clock: ManualClock) -> None:
    """PostgreSQL: the claim waits for nobody, but what it takes must still be due when it takes it."""
    await db.write(add, *[str(number) for number in range(40)])
    mine = await claim(db, clock, limit=40)
    later: datetime = clock.now() + timedelta(hours=1)

    async def put_off(job: Job) -> None:
        await db.write(reschedule, job, later, "busy", counts=True)

    async def grab() -> list[Job]:
        return await claim(db, clock, owner="two")

    grabbed = await asyncio.gather(*(step for job in mine for step in (put_off(job), grab())))
    assert [job for got in grabbed if got for job in got] == []
