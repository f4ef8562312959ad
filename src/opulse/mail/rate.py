"""How many mails a minute a relay lets us send, kept without ever going over it."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple, Protocol

from opulse.clock import Clock

_MINUTE = 60_000_000
"""Microseconds, the clock's own grain: no rounding can add a mail."""


class Rate(Protocol):
    """Leave to send, as the pool asks for it."""

    async def acquire(self, wanted: int) -> int:
        """Waits until at least one mail may leave; how many may, at most ``wanted``."""
        ...


class Bucket(NamedTuple):
    """``size`` tokens, each of which stays ``away`` once it was taken."""

    size: int
    away: timedelta


def bucket_of(per_minute: int) -> Bucket:
    """What the rate lets out in at most 5 s; taken as often as it comes back, that is never above the rate."""
    size = max(1, per_minute // 12)
    return Bucket(size, timedelta(microseconds=_away(per_minute, size)))


class RateLimit:
    """A bucket of tokens, one per mail, each of which comes back a fixed time after it was taken.

    The bucket holds what the rate lets out in at most 5 s; so no window of 60 s, wherever it begins, sees more than
    ``per_minute`` mails (a bucket that refills by the clock lets out a bucketful more). Where the minute does not
    divide evenly the true rate is a little lower, by less than a twelfth.
    """

    def __init__(self, per_minute: int | None, clock: Clock) -> None:
        if per_minute is not None and per_minute < 1:
            raise ValueError("a relay's rate is at least 1 mail a minute, or None")
        self._clock = clock
        self._size, self._away = bucket_of(per_minute) if per_minute else Bucket(0, timedelta())
        self._back_at: deque[datetime] = deque()
        self._turn = asyncio.Lock()

    def grant(self, wanted: int) -> int:
        """Takes as many tokens as there are, at most ``wanted``; 0 where the bucket is empty. Never waits."""
        if not self._size:
            return wanted
        now = self._clock.now()
        self._collect(now)
        granted = max(0, min(wanted, self._size - len(self._back_at)))
        self._back_at.extend([now + self._away] * granted)
        return granted

    def wait(self) -> timedelta:
        """Until the next token is there; zero where one is there now. Never more than the time a token stays away."""
        now = self._clock.now()
        self._collect(now)
        if not self._size or len(self._back_at) < self._size:
            return timedelta()
        return self._back_at[0] - now

    async def acquire(self, wanted: int) -> int:
        """Waits until at least one token is there and takes up to ``wanted``; first come, first served."""
        if wanted < 1:
            raise ValueError("at least one token is wanted")
        async with self._turn:
            while not (granted := self.grant(wanted)):
                # A millisecond at least: a clock that rounds a wait down must not make this a busy loop.
                await self._clock.sleep(max(0.001, self.wait().total_seconds()))
        return granted

    def _collect(self, now: datetime) -> None:
        while self._back_at and self._back_at[0] <= now:
            self._back_at.popleft()
        latest = now + self._away
        if self._back_at and self._back_at[-1] > latest:
            # The clock was set back; without this, tokens would stay away for as long as it was set back.
            self._back_at = deque(min(due, latest) for due in self._back_at)


def claim_size(per_minute: int | None, at_most: int, seconds: float = 5.0) -> int:
    """How many mails to claim at once: what leaves in ``seconds``, so that no lease is outlived; at least 1."""
    if per_minute is None:
        return at_most
    return max(1, min(at_most, int(per_minute * seconds / 60)))


def time_to_send(mails: int, per_minute: int | None) -> timedelta | None:
    """How long ``mails`` take at the relay's rate ("2,000 at 30 a minute: 67 min"); None: the rate does not say."""
    return None if per_minute is None else timedelta(minutes=mails / per_minute)


def _away(per_minute: int, size: int) -> int:
    """Microseconds that a token stays away: ``size`` tokens, so many times a minute, are never above the rate."""
    return ceil(_MINUTE / (per_minute // size))
