"""Takes due jobs and runs their handlers, several at once, until it is told to stop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opulse.clock import Clock
from opulse.db import Database
from opulse.db.wake import wait
from opulse.jobs.claiming import claim_due
from opulse.jobs.models import Handler, Job
from opulse.jobs.running import Runner
from opulse.observe import get_logger

LEASE = timedelta(seconds=30)
IDLE_SECONDS = 1.0  # the longest sleep: another process may have added a job without waking this one

log = get_logger("jobs")


class Worker:
    """One process's worker on one queue, which it looks through itself. Several processes may work on the same queue."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        handlers: Mapping[str, Handler],
        ports: Any,
        *,
        queue: str = "default",
        at_once: int = 8,
        lease: timedelta = LEASE,
    ) -> None:
        self._db = db
        self._clock = clock
        self._runner = Runner(db, clock, handlers, ports, lease)
        self._queue = queue
        self._at_once = at_once
        self._lease = lease
        self._running: set[asyncio.Task[str]] = set()
        self._stop = asyncio.Event()
        self._wake = db.wakes.sleeper(f"jobs.{queue}")

    async def run(self) -> None:
        """Take jobs until :meth:`stop`; then wait for those that run."""
        while not self._stop.is_set():
            free = self._at_once - len(self._running)
            claimed = await self._claim(free) if free > 0 else []
            for job in claimed:
                task = asyncio.create_task(self._runner.run(job), name=f"job {job.kind} {job.id}")
                self._running.add(task)
                task.add_done_callback(self._finished)
            if not claimed:
                await wait(self._wake, IDLE_SECONDS)
        if self._running:
            await asyncio.wait(self._running, timeout=self._lease.total_seconds())

    def stop(self) -> None:
        """Take no further job."""
        self._stop.set()
        self._wake.set()

    def _finished(self, task: asyncio.Task[str]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _claim(self, limit: int) -> list[Job]:
        """Up to ``limit`` due jobs; none while the database is away: this loop outlives its restart."""
        now = self._clock.now()
        claim = secrets.token_hex(8)
        try:
            return await self._db.write(claim_due, self._queue, claim, now, self._lease, limit)
        except Exception as error:
            log.error("jobs cannot be claimed", queue=self._queue, error=str(error))
            return []
