"""A worker that is told by the stream which jobs to take, and looks through the table itself while the stream is away."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from opulse.clock import Clock
from opulse.db import Database
from opulse.jobs.announcing import claim_announced
from opulse.jobs.claiming import claim_due
from opulse.jobs.jetstream import JetStream, StreamAway, job_of
from opulse.jobs.models import Handler, Job
from opulse.jobs.running import Runner
from opulse.observe import get_logger

FETCH_SECONDS = 5.0
AGAIN_SECONDS = 1.0
AWAY_SECONDS = 3.0  # so long without an answer, and the table is looked through instead

log = get_logger("jobs")


class Slots:
    """How many jobs of one urgency this process runs at once."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.running: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()

    async def wait_for_one(self) -> int:
        """The free ones, at least one."""
        while len(self.running) >= self._size:
            self._freed.clear()
            await self._freed.wait()
        return self._size - len(self.running)

    @property
    def free(self) -> int:
        return max(0, self._size - len(self.running))

    def fill(self, task: asyncio.Task[None]) -> None:
        self.running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.running.discard(task)
        self._freed.set()


class StreamWorker:
    """One process's worker on one queue. Urgent jobs have slots of their own: what waits behind an import must not."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        handlers: Mapping[str, Handler],
        ports: Any,
        stream: JetStream,
        *,
        queue: str = "default",
        at_once: int = 8,
        lease: timedelta,
    ) -> None:
        self._db = db
        self._clock = clock
        self._stream = stream
        self._queue = queue
        self._lease = lease
        self._runner = Runner(db, clock, handlers, ports, lease)
        self._slots = {True: Slots(max(2, at_once // 2)), False: Slots(at_once)}
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Take jobs until :meth:`stop`; then wait for those that run."""
        loops = [asyncio.create_task(self._follow(urgent)) for urgent in (True, False)]
        loops.append(asyncio.create_task(self._stand_in()))
        await self._stop.wait()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        running = self._slots[True].running | self._slots[False].running
        if running:
            await asyncio.wait(running, timeout=self._lease.total_seconds())

    def stop(self) -> None:
        """Take no further job."""
        self._stop.set()

    async def _follow(self, urgent: bool) -> None:
        slots = self._slots[urgent]
        while True:
            free = await slots.wait_for_one()
            try:
                messages = await self._stream.fetch(self._queue, urgent, free, FETCH_SECONDS)
                await self._take(messages, slots)
            except StreamAway as away:
                log.warning("the stream says nothing", error=str(away))
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception as error:  # the messages come again when their time to answer is over
                log.error("jobs cannot be claimed", queue=self._queue, error=str(error))
                await asyncio.sleep(AGAIN_SECONDS)

    async def _take(self, messages: list[Msg], slots: Slots) -> None:
        """Claim what the messages announce. One whose job cannot be had is done with: the outbox will say what follows."""
        if not messages:
            return
        jobs = await self._db.write(
            claim_announced,
            [job_of(message) for message in messages],
            secrets.token_hex(8),
            self._clock.now(),
            self._lease,
        )
        claimed = {job.id: job for job in jobs}
        for message in messages:
            if (job := claimed.pop(job_of(message), None)) is not None:
                self._begin(slots, job, message)
            else:
                await _acknowledge(message)

    def _begin(self, slots: Slots, job: Job, message: Msg | None) -> None:
        slots.fill(asyncio.create_task(self._run(job, message), name=f"job {job.kind} {job.id}"))

    async def _run(self, job: Job, message: Msg | None) -> None:
        """The message is answered after what the job did has committed, whatever that was."""
        if message is None:
            await self._runner.run(job)
        elif await self._runner.run(job, message.in_progress) != "lost":
            await _acknowledge(message)

    async def _stand_in(self) -> None:
        """Each second: see whether the stream answers; take jobs from the table while it does not."""
        while True:
            with contextlib.suppress(StreamAway):
                await self._stream.count_waiting(self._queue)
            if self._stream.away_seconds > AWAY_SECONDS:
                await self._take_from_table()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _take_from_table(self) -> None:
        slots = self._slots[False]
        if not slots.free:
            return
        try:
            jobs = await self._db.write(
                claim_due, self._queue, secrets.token_hex(8), self._clock.now(), self._lease, slots.free
            )
        except Exception as error:
            log.error("jobs cannot be claimed", queue=self._queue, error=str(error))
            return
        for job in jobs:
            self._begin(slots, job, None)


async def _acknowledge(message: Msg) -> None:
    """One that is not heard comes again, and finds nothing to do."""
    with contextlib.suppress(NatsError, OSError):
        await message.ack()
