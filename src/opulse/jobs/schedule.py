"""Work that comes back by the clock: each kind is one job at a time, whatever the number of processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.clock import Clock
from opulse.db import Database
from opulse.jobs.table import enqueue, forget_dead
from opulse.observe import get_logger

EVERYBODY = 0  # the tenant of jobs that serve all tenants

log = get_logger("schedule")


class Schedule:
    """Enqueues each kind every so many seconds. While one waits or runs, no second one is added."""

    def __init__(self, db: Database, clock: Clock, every: Mapping[str, float]) -> None:
        self._db = db
        self._clock = clock
        self._every = dict(every)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._repeat(kind, seconds), name=f"schedule {kind}")
            for kind, seconds in self._every.items()
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _repeat(self, kind: str, seconds: float) -> None:
        while True:
            try:
                await self._db.write(_add, kind)
            except (SQLAlchemyError, OSError) as error:  # the database is away; its time comes round again
                log.error("scheduled work could not be added", kind=kind, error=str(error))
            await self._clock.sleep(seconds)


def _add(conn: Connection, kind: str) -> None:
    """One job of the kind. One that was given up is no reason to stop for ever: the next turn tries afresh."""
    forget_dead(conn, EVERYBODY, kind)
    enqueue(conn, EVERYBODY, kind, {}, unique=kind, priority=8)
