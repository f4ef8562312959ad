"""Running one leased job to its end: the handler, the lease kept meanwhile, and what is written when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any

from opulse.clock import Clock
from opulse.db import Database
from opulse.jobs import table
from opulse.jobs.models import Handler, Job, JobDead, JobEnd, JobRetry
from opulse.jobs.retry import LAST_ATTEMPT, decide_delay
from opulse.observe import bind, get_logger
from opulse.observe.metrics import JOB_SECONDS, JOBS

log = get_logger("jobs")

Beat = Callable[[], Awaitable[None]]
"""Awaited each time a lease is renewed: whoever else waits for the job learns that it is still being worked on."""


class Runner:
    """Runs jobs that somebody has claimed. ``ports`` is handed to every handler as it is."""

    def __init__(
        self, db: Database, clock: Clock, handlers: Mapping[str, Handler], ports: Any, lease: timedelta
    ) -> None:
        self._db = db
        self._clock = clock
        self._handlers = handlers
        self._ports = ports
        self.lease = lease

    async def run(self, job: Job, beat: Beat | None = None) -> str:
        """Until the job has ended, however. Returns how: done, retry, dead, or lost when that could not be written."""
        bind(job=job.id, kind=job.kind, tenant=job.tenant)
        started = time.perf_counter()
        keeper = _Keeper(self.lease.total_seconds() / 3, lambda: self._keep_lease(job, beat))
        try:
            end = await self._run_handler(job)
        except Exception as error:
            log.error("the end of a job could not be written; it runs again", error=str(error))
            end = "lost"
        finally:
            await keeper.stop()
        JOBS.labels(job.kind, end).inc()
        JOB_SECONDS.labels(job.kind).observe(time.perf_counter() - started)
        return end

    async def _run_handler(self, job: Job) -> str:
        handler = self._handlers.get(job.kind)
        if handler is None:
            await self._db.write(table.bury, job, f"no handler for {job.kind} in this process")
            return "dead"
        if job.attempt > LAST_ATTEMPT:
            # no try has ended, not even badly: it takes its process with it, and must not take all of them
            await self._db.write(table.bury, job, f"no process lived through any of {LAST_ATTEMPT} tries")
            return "dead"
        try:
            end = await handler(self._ports, job)
        except JobRetry as again:
            run_at = self._clock.now() + timedelta(seconds=again.seconds)
            await self._db.write(table.reschedule, job, run_at, str(again), counts=again.counts)
            return "retry"
        except JobDead as dead:
            await self._db.write(table.bury, job, str(dead))
            return "dead"
        except Exception as error:
            return await self._failed(job, error)
        if end is not JobEnd.WRITTEN:
            await self._db.write_grouped(table.complete_all, job)
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

    async def _keep_lease(self, job: Job, beat: Beat | None) -> None:
        try:
            await self._db.write(table.renew_lease, job, self._clock.now() + self.lease)
            if beat is not None:
                await beat()
        except Exception as error:  # the database is away: the next third of the lease may still be in time
            log.warning("a lease could not be renewed", job=job.id, error=str(error))


class _Keeper:
    """Does something every so many seconds. Most jobs end before the first time: until then it is a timer and no task."""

    def __init__(self, seconds: float, keep: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._seconds = seconds
        self._keep = keep
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    async def stop(self) -> None:
        """At once; what it is just doing is broken off."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._repeat())

    async def _repeat(self) -> None:
        while True:
            await self._keep()
            await asyncio.sleep(self._seconds)
