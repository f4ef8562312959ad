"""A relay's rate where several processes send to it: the same bucket as in :mod:`opulse.mail.rate`, kept in the database.

A process takes a slice, what it sends in one burst; each comes back a fixed time after it was taken. So no window of 60 s sees
more than the rate, however many processes there are, and one that dies takes no more with it than its slice.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.clock import Clock
from opulse.db import Database, Priority
from opulse.mail.models import Relay
from opulse.mail.rate import Rate, RateLimit, bucket_of
from opulse.mail.store import take_slice

LOOK_SECONDS = 1.0  # the longest wait: another process may have come and gone


class SharedRate:
    """See :class:`opulse.mail.rate.Rate`."""

    def __init__(self, db: Database, clock: Clock, name: str, per_minute: int) -> None:
        self._db = db
        self._clock = clock
        self._name = name
        self._bucket = bucket_of(per_minute)
        self._turn = asyncio.Lock()

    async def acquire(self, wanted: int) -> int:
        if wanted < 1:
            raise ValueError("at least one mail is wanted")
        async with self._turn:
            while True:
                granted, wait = await self._db.write_first(
                    Priority.MAIL, take_slice, self._name, self._bucket, wanted, self._clock.now()
                )
                if granted:
                    return granted
                await self._clock.sleep(min(LOOK_SECONDS, max(0.001, wait.total_seconds())))


def shared_rate(db: Database, clock: Clock, relay: Relay) -> Rate:
    """The relay's bucket; a relay without a known rate needs none."""
    if relay.per_minute is None:
        return RateLimit(None, clock)
    return SharedRate(db, clock, f"{relay.host}:{relay.port}/{relay.username}", relay.per_minute)


def take_one_in(conn: Connection, name: str, per_minute: int, now: datetime) -> timedelta:
    """One token of the bucket ``name`` in the caller's transaction: zero where it was taken, else how long until there is one.

    For who would rather come back than wait. 0 a minute is no limit.
    """
    if not per_minute:
        return timedelta()
    granted, wait = take_slice(conn, name, bucket_of(per_minute), 1, now)
    return timedelta() if granted else max(wait, timedelta(milliseconds=1))
