"""A relay's rate that several processes share, on both databases: simulated hours, any number of senders."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.mail.models import Relay
from opulse.mail.rate import RateLimit, bucket_of
from opulse.mail.shared_rate import SharedRate, shared_rate
from opulse.mail.store import slices, take_slice

MINUTE = timedelta(minutes=1)


@pytest.mark.stores
@pytest.mark.parametrize("per_minute", [1, 30, 500])
async def test_no_window_of_a_minute_sees_more_than_the_rate_whoever_sends(
    db: Database, clock: ManualClock, per_minute: int
) -> None:
    bucket = bucket_of(per_minute)
    left: deque[tuple[datetime, int]] = deque()
    total, until = 0, clock.now() + 3 * MINUTE
    while clock.now() < until:
        granted, wait = await db.write(take_slice, "relay", bucket, 20, clock.now())
        if granted:
            total += granted
            left.append((clock.now(), granted))
            while left[0][0] <= clock.now() - MINUTE:
                left.popleft()
            assert sum(count for _, count in left) <= per_minute
        clock.advance(max(wait.total_seconds(), 0.05))
    assert total >= 3 * per_minute * 11 / 12 - 1


@pytest.mark.stores
async def test_two_processes_get_one_rate_together_and_two_relays_one_each(
    db: Database, clock: ManualClock
) -> None:
    def process(relay: str) -> SharedRate:
        return SharedRate(db, clock, relay, 240)  # 20 in the bucket

    one, two, other = process("a"), process("a"), process("b")
    assert await one.acquire(15) == 15
    assert await two.acquire(15) == 5
    assert await other.acquire(15) == 15
    before = clock.now()
    assert await two.acquire(1) == 1
    assert clock.now() - before >= timedelta(seconds=4), "it waited until the first slice was back"


@pytest.mark.stores
async def test_a_host_whose_clock_was_ahead_does_not_stop_the_others(
    db: Database, clock: ManualClock
) -> None:
    bucket = bucket_of(60)
    ahead = clock.now() + timedelta(hours=1)
    assert (await db.write(take_slice, "relay", bucket, 5, ahead))[0] == 5
    granted, wait = await db.write(take_slice, "relay", bucket, 5, clock.now())
    assert granted == 0
    assert wait <= bucket.away


@pytest.mark.stores
async def test_what_is_back_is_forgotten(db: Database, clock: ManualClock) -> None:
    for _ in range(5):
        await db.write(take_slice, "relay", bucket_of(60), 5, clock.now())
        clock.advance(10)
    assert await db.read(_count) == 1


async def test_a_relay_without_a_known_rate_asks_no_database(db: Database, clock: ManualClock) -> None:
    assert isinstance(shared_rate(db, clock, Relay("relay")), RateLimit)
    assert isinstance(shared_rate(db, clock, Relay("relay", per_minute=30)), SharedRate)


async def test_many_who_wait_are_served(db: Database, clock: ManualClock) -> None:
    rate = SharedRate(db, clock, "relay", 60)
    assert sum(await asyncio.gather(*(rate.acquire(1) for _ in range(20)))) == 20


def _count(conn: Connection) -> int:
    return len(conn.execute(slices.select()).all())
