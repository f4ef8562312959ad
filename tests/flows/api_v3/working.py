"""A worker that does what is due, as one beside the server would."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from opulse.bootstrap.stages import handlers_of, load_extensions
from opulse.jobs import Worker
from opulse.jobs.table import jobs
from opulse.ports import Ports


async def work(ports: Ports) -> None:
    """Run every job that is due now, and what it makes due at once."""
    load_extensions()
    worker = Worker(ports.db, ports.clock, handlers_of("all"), ports)
    task = asyncio.create_task(worker.run())
    while not task.done() and await ports.db.read(_due, ports.clock.now()):  # noqa: ASYNC110  # polled
        await asyncio.sleep(0.005)
    worker.stop()
    await task


async def jobs_of(ports: Ports, kind: str) -> list[dict[str, Any]]:
    """All of a kind that are there, the oldest first."""

    def query(conn: Connection) -> list[dict[str, Any]]:
        rows = conn.execute(select(jobs).where(jobs.c.kind == kind).order_by(jobs.c.id))
        return [dict(row._mapping) for row in rows]

    return await ports.db.read(query)


def _due(conn: Connection, now: datetime) -> int:
    query = select(func.count()).where(jobs.c.state == "waiting", jobs.c.run_at <= now)
    return int(conn.execute(query).scalar_one())
