"""The clock of the unattended run: it stands still while it is held, and goes on from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opulse.cli.demo.holding import HoldableClock
from opulse.clock import ManualClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_time_that_was_held_is_no_time() -> None:
    outside = ManualClock(NOON)
    clock = HoldableClock(outside)
    await clock.sleep(10)
    with clock.held() as moment:
        outside.advance(3600)
        assert clock.now() == moment == NOON + timedelta(seconds=10)
    assert clock.now() == moment
    outside.advance(5)
    assert clock.now() == moment + timedelta(seconds=5)
    with clock.held():
        outside.advance(60)
    assert clock.now() == moment + timedelta(seconds=5)
