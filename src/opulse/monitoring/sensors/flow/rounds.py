"""Work that comes back for each tenant, done by the process that keeps the tenant's snapshot: of several, by one."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod

from sqlalchemy.exc import SQLAlchemyError

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.observe import get_logger
from opulse.ports import Ports
from opulse.tenancy import list_tenants

log = get_logger("rounds")


class Rounds(ABC):
    """A part of every process with an evaluator. ``name`` and ``every_seconds`` are the subclass's."""

    name: str
    every_seconds: float

    def __init__(self, ports: Ports, evaluator: Evaluator) -> None:
        self._ports = ports
        self._evaluator = evaluator
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def look(self, tenant: int) -> object:
        """One look at a tenant."""

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            try:
                for tenant in await self._ports.db.read(list_tenants):
                    if self._evaluator.keeps_snapshot(tenant.id):
                        await self.look(tenant.id)
            except (SQLAlchemyError, OSError) as error:  # the database is away; the next round does it
                log.error("a round was not finished", round=self.name, exc_info=error)
            await self._ports.clock.sleep(self.every_seconds)
