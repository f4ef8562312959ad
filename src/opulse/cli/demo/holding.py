"""A clock that can be held, so that what happens outside takes none of the installation's time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from opulse.clock import Clock


class HoldableClock:
    """The machine's clock, behind it by as long as it was held."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._behind = timedelta(0)
        self._held_at: datetime | None = None

    def now(self) -> datetime:
        return self._held_at or self._clock.now() - self._behind

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    @contextmanager
    def held(self) -> Iterator[datetime]:
        """Time stands still within the block, at the moment that is given."""
        self._held_at = self.now()
        try:
            yield self._held_at
        finally:
            self._behind = self._clock.now() - self._held_at
            self._held_at = None
