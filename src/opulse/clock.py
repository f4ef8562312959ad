"""Time, passed in: the only module that reads the machine's clock.

Rules and flows take ``now`` or a :class:`Clock`; tests use :class:`ManualClock`, simulated people :class:`ScaledClock`.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import available_timezones


@cache
def zone_names() -> frozenset[str]:
    """The names of the machine's IANA time zone database; read once, because that reads its folders."""
    return frozenset(available_timezones())


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present, timezone-aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of this clock's time."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ScaledClock:
    """A clock that runs ``factor`` times as fast as the machine's, from the moment it is made."""

    def __init__(self, factor: float) -> None:
        if factor <= 0:
            raise ValueError("a clock's factor is above 0")
        self._factor = factor
        self._start = datetime.now(UTC)
        self._origin = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self._factor)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._factor)


class ManualClock:
    """A clock that moves only when it is told to; ``sleep`` moves it."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at a timezone-aware time")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)
