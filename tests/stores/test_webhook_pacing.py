"""One rate per host, kept in the database: whoever asks at the same moment, no more leave than may."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.mail.shared_rate import take_one_in
from opulse.monitoring.deliveries.flow.pacing import host_of, wait_in
from opulse.monitoring.deliveries.models import DeliveryReason
from opulse.monitoring.deliveries.store import find_hold, hold_host

HOOK = "https://hooks.example.org/in"


@pytest.mark.stores
async def test_workers_that_ask_at_once_get_one_rate_together(db: Database, clock: ManualClock) -> None:
    """120 a minute are 10 in 5 s."""
    asked = (db.write(take_one_in, "webhook a", 120, clock.now()) for _ in range(25))
    waits = await asyncio.gather(*asked)
    assert sum(not wait for wait in waits) == 10
    assert all(timedelta() < wait <= timedelta(seconds=5) for wait in waits if wait)
    assert not await db.write(take_one_in, "webhook b", 120, clock.now())
    assert not await db.write(take_one_in, "webhook a", 0, clock.now()), "0 is no limit"


@pytest.mark.stores
async def test_a_pause_holds_its_tenant_and_host_only_and_the_longer_one_counts(
    db: Database, clock: ManualClock
) -> None:
    now = clock.now()
    host = host_of(HOOK)
    await db.write(hold_host, 1, host, now + timedelta(seconds=60), now)
    await db.write(hold_host, 1, host, now + timedelta(seconds=30), now)
    turn = await db.write(wait_in, 1, HOOK, 600, now)
    assert turn == (DeliveryReason.HOST_PAUSED, timedelta(seconds=60))
    assert await db.write(wait_in, 2, HOOK, 600, now) is None
    assert await db.write(wait_in, 1, "https://other.example.org/in", 600, now) is None
    clock.advance(60)
    assert await db.write(wait_in, 1, HOOK, 600, clock.now()) is None
    await db.write(hold_host, 1, "b:443", clock.now() + timedelta(seconds=5), clock.now())
    assert await db.read(find_hold, 1, host, now) is None, "what is over is forgotten"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (HOOK, "hooks.example.org:443"),
        ("https://HOOKS.example.org:443/x", "hooks.example.org:443"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://[::1]/", "::1:80"),
    ],
)
def test_what_shares_a_rate(url: str, host: str) -> None:
    assert host_of(url) == host
