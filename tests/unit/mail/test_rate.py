"""The rate limit never lets out more than it may in any minute, and never sleeps for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opulse.clock import ManualClock
from opulse.mail.rate import RateLimit, claim_size, time_to_send

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the cores are shared
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(seconds=60)
STEPS = st.lists(
    st.tuples(st.integers(1, 50), st.floats(0, 90, allow_nan=False, allow_infinity=False)),
    min_size=1,
    max_size=40,
)


def worst_window(grants: list[tuple[datetime, int]]) -> int:
    """The most that any half-open window of 60 s saw."""
    return max(
        (sum(count for at, count in grants if begin <= at < begin + MINUTE) for begin, _ in grants), default=0
    )


@UNHURRIED
@given(per_minute=st.integers(1, 500), steps=STEPS)
@example(per_minute=30, steps=[(50, 0.0)] * 40)
@example(per_minute=1, steps=[(1, 59.999999), (1, 0.000001), (1, 0.0)])
@example(per_minute=25, steps=[(2, 4.9)] * 40)
def test_no_window_of_a_minute_sees_more_than_the_rate(
    per_minute: int, steps: list[tuple[int, float]]
) -> None:
    clock = ManualClock(START)
    limit = RateLimit(per_minute, clock)
    grants = []
    for wanted, pause in steps:
        grants.append((clock.now(), limit.grant(wanted)))
        clock.advance(pause)
    assert worst_window(grants) <= per_minute


@UNHURRIED
@given(per_minute=st.integers(1, 500), wanted=st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_acquire_always_comes_back_and_keeps_nearly_the_whole_rate(
    per_minute: int, wanted: list[int]
) -> None:
    clock = ManualClock(START)
    limit = RateLimit(per_minute, clock)

    async def run() -> list[tuple[datetime, int]]:
        grants = []
        for number in wanted:
            granted = await limit.acquire(number)
            assert 1 <= granted <= number
            grants.append((clock.now(), granted))
        return grants

    grants = asyncio.run(run())
    assert worst_window(grants) <= per_minute
    taken = sum(count for _, count in grants)
    minutes = (grants[-1][0] - START) / MINUTE
    assert minutes * per_minute * 11 / 12 <= taken + 1


@UNHURRIED
@given(per_minute=st.integers(1, 500), back=st.floats(0.001, 1e6))
def test_a_clock_set_back_does_not_put_it_to_sleep(per_minute: int, back: float) -> None:
    clock = ManualClock(START)
    limit = RateLimit(per_minute, clock)
    while limit.grant(50):
        pass
    clock.advance(-back)
    assert limit.wait() <= MINUTE
    clock.advance(limit.wait().total_seconds() + 0.000001)
    assert limit.grant(1) == 1


async def test_many_who_wait_are_served_in_turn() -> None:
    clock = ManualClock(START)
    limit = RateLimit(12, clock)
    order: list[int] = []

    async def take(number: int) -> None:
        await limit.acquire(1)
        order.append(number)

    await asyncio.gather(*(take(number) for number in range(12)))
    assert order == list(range(12))
    assert clock.now() - START == timedelta(seconds=55)


def test_no_rate_is_no_limit() -> None:
    limit = RateLimit(None, ManualClock(START))
    assert limit.grant(10_000) == 10_000
    assert limit.wait() == timedelta()


async def test_senseless_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RateLimit(0, ManualClock(START))
    with pytest.raises(ValueError, match="at least one token"):
        await RateLimit(5, ManualClock(START)).acquire(0)


def test_a_claim_is_what_leaves_in_five_seconds() -> None:
    assert [claim_size(rate, 500) for rate in (None, 1, 30, 600, 60_000)] == [500, 1, 2, 50, 500]


def test_how_long_it_will_take() -> None:
    assert time_to_send(2000, 30) == timedelta(minutes=2000 / 30)
    assert time_to_send(2000, None) is None
