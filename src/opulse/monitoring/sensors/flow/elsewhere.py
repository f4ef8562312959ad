"""Several processes take agents' reports; each of them must know of all systems that are heard.

What changes a bit stands in the journal, which everybody follows. A report without a change does not: it is one bit per system
and minute, and telling it costs a row per process and quarter of a minute, whatever the number of systems.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from pyroaring import BitMap
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from opulse.clock import Clock
from opulse.db import Database
from opulse.jobs.leases import Lease, forget_leases, list_leases, release, take_lease
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import Report
from opulse.monitoring.sensors.store.reports import delete_reports, list_reports, write_reports
from opulse.observe import get_logger
from opulse.ports import Limits

EVERY_SECONDS = 5.0
QUARTER_SECONDS = 15
OVERLAP = timedelta(seconds=30)
"""Rows are read again for so long: clocks of two hosts differ, and a commit may come late. Reading twice changes nothing."""

LISTENER = "listener/"
"""A process that takes agents' reports holds a lease ``listener/<process>``."""
LISTENER_LEASE = timedelta(seconds=15)

log = get_logger("reports")


class SharedReports:
    """A part of every process with an evaluator: tells what it heard and takes what others heard, each five seconds."""

    def __init__(
        self, db: Database, clock: Clock, evaluator: Evaluator, limits: Limits, process: str
    ) -> None:
        self._db = db
        self._clock = clock
        self._evaluator = evaluator
        self._limits = limits
        self._process = process
        self._heard: dict[tuple[int, datetime], BitMap] = {}  # by tenant and quarter
        self._untold: set[tuple[int, datetime]] = set()
        self._read_to = clock.now() - limits.reporting
        self._lost: set[Lease] = set()  # listeners whose end was met with a freeze already
        self._task: asyncio.Task[None] | None = None
        evaluator.subscribe_heard(self._note)

    async def start(self) -> None:
        """Take what others have heard within the window, so that nobody seems silent who is not; then go on."""
        await self.exchange()
        self._task = asyncio.create_task(self._run(), name="reports")

    async def stop(self) -> None:
        """Tell what is left to tell."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        with contextlib.suppress(SQLAlchemyError, OSError):
            await self._tell()

    async def exchange(self) -> None:
        """One turn: tell, take, and see whether agents can be heard at all."""
        await self._tell()
        await self._take()
        await self._look_at_listeners()

    def _note(self, tenant: int, systems: BitMap, at: datetime) -> None:
        key = (tenant, _quarter(at))
        self._heard.setdefault(key, BitMap()).update(systems)
        self._untold.add(key)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.exchange()
            except (SQLAlchemyError, OSError) as error:
                log.error("reports cannot be told or taken", error=str(error))
                self._evaluator.freeze()  # whoever cannot be heard because of us must not be taken for silent

    async def _tell(self) -> None:
        now = self._clock.now()
        telling, self._untold = self._untold, set()
        told = [Report(tenant, at, self._heard[tenant, at]) for tenant, at in sorted(telling)]
        try:
            if told:
                await self._db.write(write_reports, self._process, told, now)
        except (SQLAlchemyError, OSError):
            self._untold |= telling
            raise
        self._heard = {
            key: heard for key, heard in self._heard.items() if key[1] > now - OVERLAP or key in self._untold
        }

    async def _take(self) -> None:
        began = self._clock.now()
        for report in await self._db.read(list_reports, self._process, self._read_to - OVERLAP):
            await self._evaluator.hear_elsewhere(report.tenant, report.systems, report.heard_at)
        self._read_to = began

    async def _look_at_listeners(self) -> None:
        """Freeze while nobody listens, and for one window after a listener went without a word: its agents were not heard."""
        now = self._clock.now()
        listeners = await self._db.read(list_leases, LISTENER)
        lost = {one for one in listeners if now - self._limits.reporting < one.until <= now}
        if lost - self._lost or not any(one.until > now for one in listeners):
            self._evaluator.freeze()
        if lost - self._lost:
            log.warning("a process that took agents' reports is gone", processes=[one.name for one in lost])
        self._lost = lost


class ListenerSign:
    """A part of every process that takes agents' reports: says that it does, until it is stopped or killed."""

    def __init__(self, db: Database, clock: Clock, limits: Limits, process: str) -> None:
        self._db = db
        self._clock = clock
        self._limits = limits
        self._process = process
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._db.write(self._say)
        self._task = asyncio.create_task(self._run(), name="listener")

    async def stop(self) -> None:
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(SQLAlchemyError, OSError):
            await self._db.write(self._take_back)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LISTENER_LEASE.total_seconds() / 3)
            with contextlib.suppress(SQLAlchemyError, OSError):  # others will notice, which is right
                await self._db.write(self._say)

    def _say(self, conn: Connection) -> Lease | None:
        now = self._clock.now()
        forget_leases(conn, LISTENER, now - 2 * self._limits.reporting)
        delete_reports(conn, now - self._limits.reporting - OVERLAP)
        return take_lease(conn, LISTENER + self._process, self._process, now, now + LISTENER_LEASE)

    def _take_back(self, conn: Connection) -> None:
        if (lease := self._say(conn)) is not None:
            release(conn, lease)


def _quarter(at: datetime) -> datetime:
    seconds = int(at.timestamp()) // QUARTER_SECONDS * QUARTER_SECONDS
    return datetime.fromtimestamp(seconds, UTC)
