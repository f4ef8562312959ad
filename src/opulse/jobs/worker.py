"""Takes due jobs and runs their handlers, several at once, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opulse.clock import Clock
from opulse.db import Database
from opulse.db.wake import wait
from opulse.jobs import table
from opulse.jobs.models import Handler, Job, JobDead, JobRetry
from opulse.jobs.retry import decide_delay
from opulse.observe import bind, get_logger
from opulse.observe.metrics import JOB_SECONDS, JOBS

LEASE = timedelta(seconds=30)
IDLE_SECONDS = 1.0  # the longest sleep: another process may have added a job without waking this one

log = get_logger("jobs")


class Worker:
    """One process's worker on one queue. ``ports`` is handed to every handler as it is."""

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
        self._handlers = handlers
        self._ports = ports
        self._queue = queue
        self._at_once = at_once
        self._lease = lease
        self._running: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._wake = db.wakes.sleeper(f"jobs.{queue}")

    async def run(self) -> None:
        """Take jobs until :meth:`stop`; then wait for those that run."""
        while not self._stop.is_set():
            free = self._at_once - len(self._running)
            claimed = await self._claim(free) if free > 0 else []
            for job in claimed:
                task = asyncio.create_task(self._run_one(job), name=f"job {job.kind} {job.id}")
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

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _claim(self, limit: int) -> list[Job]:
        """Up to ``limit`` due jobs; none while the database is away: this loop outlives its restart."""
        now = self._clock.now()
        claim = secrets.token_hex(8)
        try:
            return await self._db.write(table.claim_due, self._queue, claim, now, self._lease, limit)
        except Exception as error:
            log.error("jobs cannot be claimed", queue=self._queue, error=str(error))
            return []

    async def _run_one(self, job: Job) -> None:
        bind(job=job.id, kind=job.kind, tenant=job.tenant)
        started = time.perf_counter()
        keeper = asyncio.create_task(self._keep_lease(job))
        try:
            end = await self._run_handler(job)
        except Exception as error:
            log.error("the end of a job could not be written; it runs again", error=str(error))
            end = "lost"
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        JOBS.labels(job.kind, end).inc()
        JOB_SECONDS.labels(job.kind).observe(time.perf_counter() - started)

    async def _run_handler(self, job: Job) -> str:
        handler = self._handlers.get(job.kind)
        if handler is None:
            await self._db.write(table.bury, job, f"no handler for {job.kind} in this process")
            return "dead"
        try:
            await handler(self._ports, job)
        except JobRetry as again:
            run_at = self._clock.now() + timedelta(seconds=again.seconds)
            await self._db.write(table.reschedule, job, run_at, str(again), counts=again.counts)
            return "retry"
        except JobDead as dead:
            await self._db.write(table.bury, job, str(dead))
            return "dead"
        except Exception as error:
            return await self._failed(job, error)
        await self._db.write(table.complete, job)
        return "done"

    async def _failed(self, job: Job, error: Exception) -> str:
        delay = decide_delay(job.attempt)
        text = f"{type(error).__name__}: {error}"
        log.error("job failed", attempt=job.attempt, again_in=delay, exc_info=error)
        if delay is None:
            await self._db.write(table.bury, job, text)
            return "dead"
        run_at = self._clock.now() + timedelta(seconds=delay)
        await self._db.write(table.reschedule, job, run_at, text, counts=True)
        return "retry"

    async def _keep_lease(self, job: Job) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            await self._db.write(table.renew_lease, job, self._clock.now() + self._lease)
