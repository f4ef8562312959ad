"""Announces to the stream what the outbox holds: at once what has become due, and once more what is late."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.clock import Clock
from opulse.db import Database
from opulse.db.wake import wait
from opulse.jobs.announcing import Announcement, announce_due, announce_late
from opulse.jobs.jetstream import JetStream, StreamAway
from opulse.jobs.leases import Lease, release, take_lease
from opulse.observe import get_logger
from opulse.observe.metrics import ANNOUNCEMENTS

AT_ONCE = 500
LOOK_SECONDS = 1.0
SWEEP_SECONDS = 5.0
LATE = timedelta(seconds=5)
"""A job that was announced so long ago, is free, and of which no message waits: its message was lost."""
LATE_ANYWAY = timedelta(minutes=10)
"""The same while others wait in the stream, where its own may be among them."""
HOLDS = timedelta(seconds=5)

log = get_logger("relay")


class Relay:
    """A part of every process with workers; one of them at a time announces, the others stand by."""

    def __init__(
        self, db: Database, clock: Clock, stream: JetStream, process: str, queue: str = "default"
    ) -> None:
        self._db = db
        self._clock = clock
        self._stream = stream
        self._process = process
        self._queue = queue
        self._wake = db.wakes.sleeper(f"jobs.{queue}")
        self._unpublished: list[Announcement] = []  # noted in the outbox, not taken by the stream yet
        self._lease: Lease | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._db.wakes.forget(f"jobs.{self._queue}", self._wake)
        if self._lease is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                await self._db.write(release, self._lease)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        sweep_at = loop.time() + SWEEP_SECONDS
        while True:
            more = False
            try:
                if await self._is_mine():
                    more = await self._announce_due()
                    if loop.time() >= sweep_at:
                        sweep_at = loop.time() + SWEEP_SECONDS
                        await self._sweep()
            except StreamAway as away:
                log.warning("jobs cannot be announced", unpublished=len(self._unpublished), error=str(away))
                await asyncio.sleep(LOOK_SECONDS)
            except (SQLAlchemyError, OSError) as error:
                log.error("the outbox cannot be read", error=str(error))
                await asyncio.sleep(LOOK_SECONDS)
            if not more:
                await wait(self._wake, LOOK_SECONDS)

    async def _is_mine(self) -> bool:
        """Whether this process announces now. Two that both think so do no harm: each row is announced by one of them."""
        now = self._clock.now()
        if self._lease is None or self._lease.until - now < HOLDS / 2:
            self._lease = await self._db.write(self._take_in)
        return self._lease is not None

    def _take_in(self, conn: Connection) -> Lease | None:
        now = self._clock.now()
        return take_lease(conn, f"relay/{self._queue}", self._process, now, now + HOLDS)

    async def _announce_due(self) -> bool:
        """True when there may be more. What the stream did not take is offered again before anything else is noted."""
        if not self._unpublished:
            now = self._clock.now()
            self._unpublished = await self._db.write(announce_due, self._queue, now, AT_ONCE)
            ANNOUNCEMENTS.labels("due").inc(len(self._unpublished))
        count = len(self._unpublished)
        await self._publish()
        return count == AT_ONCE

    async def _sweep(self) -> None:
        after = LATE if await self._stream.count_waiting(self._queue) == 0 else LATE_ANYWAY
        late = await self._db.write(announce_late, self._queue, self._clock.now(), after, AT_ONCE)
        if late:
            log.warning("jobs were late and are announced again", jobs=len(late))
            ANNOUNCEMENTS.labels("late").inc(len(late))
            self._unpublished += late
            await self._publish()

    async def _publish(self) -> None:
        if self._unpublished:
            await self._stream.publish(self._queue, self._unpublished)
            self._unpublished = []
