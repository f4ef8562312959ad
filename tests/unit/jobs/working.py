"""A worker that runs while a test looks on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, select

from opulse.clock import SystemClock
from opulse.db import Database
from opulse.jobs import Handler, Worker
from opulse.jobs.table import jobs

CLOCK = SystemClock()


@asynccontextmanager
async def working(db: Database, handlers: Mapping[str, Handler], **options: Any) -> AsyncIterator[Worker]:
    worker = Worker(db, CLOCK, handlers, "the ports", **options)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(running, 10)


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  # what is waited for happens in other tasks that tell nobody
            await asyncio.sleep(0.01)


async def gone(db: Database, kind: str) -> None:
    async with asyncio.timeout(10):
        while kind in {row.kind for row in await db.read(stored) if row.state == "waiting"}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def stored(conn: Connection) -> list[Any]:
    return list(conn.execute(select(jobs).order_by(jobs.c.id)))
