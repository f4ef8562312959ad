"""A running installation: the parts of one process, started in order and stopped in the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

import uvicorn
from fastapi import FastAPI

from opulse import __version__
from opulse.bootstrap.app import make_app
from opulse.bootstrap.owning import owned
from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.server import Listening, listen
from opulse.bootstrap.stages import handlers_of
from opulse.clock import Clock
from opulse.experience.directory.jobs import ALARMS_DUE
from opulse.experience.distributions.flow.sending import Sender
from opulse.jobs import Worker
from opulse.jobs.schedule import Schedule
from opulse.jobs.table import release_leases
from opulse.monitoring.activations.flow.decider import Decider
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.observe import faults
from opulse.observe.traces import close_traces, configure_traces
from opulse.ports import Ports
from opulse.settings import Settings

SCHEDULE: Mapping[str, Mapping[str, float]] = {
    "monitoring": {},
    "experience": {ALARMS_DUE: 60.0},
}
GRACE_SECONDS = 5  # open live streams are cut after this long on shutdown


class Part(Protocol):
    """Something that runs beside the web server."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Jobs:
    """The worker as a part."""

    def __init__(self, ports: Ports, wing: str, at_once: int, lease: timedelta, *, alone: bool) -> None:
        self._ports = ports
        self._alone = alone
        self._worker = Worker(ports.db, ports.clock, handlers_of(wing), ports, at_once=at_once, lease=lease)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._alone:
            # nobody else works on this database: what a killed predecessor held can be taken up at once
            await self._ports.db.write(release_leases)
        self._task = asyncio.create_task(self._worker.run(), name="worker")

    async def stop(self) -> None:
        self._worker.stop()
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def make_parts(app: FastAPI, ports: Ports, settings: Settings) -> list[Part]:
    """The parts of this process's wing, in the order in which they start."""
    parts: list[Part] = []
    lease, alone = timedelta(seconds=settings.lease_seconds), ports.db.dialect == "sqlite"
    if settings.wing in ("all", "monitoring"):
        evaluator = Evaluator(ports.db, ports.clock, ports.limits)
        app.state.evaluator = evaluator
        parts += [evaluator, Decider(ports, evaluator)]
    if settings.wing in ("all", "experience"):
        parts.append(Sender(ports, lease=lease, alone=alone))
    parts.append(Jobs(ports, settings.wing, settings.job_workers, lease, alone=alone))
    wings = ("monitoring", "experience") if settings.wing == "all" else (settings.wing,)
    every = {kind: seconds for wing in wings for kind, seconds in SCHEDULE[wing].items()}
    parts.append(Schedule(ports.db, ports.clock, every))
    return parts


@asynccontextmanager
async def running(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Listening]:
    """Migrate, start every part and the web server; stop them in the other order when the block ends.

    Raises:
        DatabaseTaken: another process serves this database.
        PortTaken: somebody listens there already.
    """
    faults.arm(settings.fault_file)
    configure_traces(settings.otlp_endpoint, __version__)
    try:
        with owned(settings.database):
            async with _running(settings, clock) as listening:
                yield listening
    finally:
        await asyncio.to_thread(close_traces)


@asynccontextmanager
async def _running(settings: Settings, clock: Clock | None) -> AsyncIterator[Listening]:
    listening = listen(settings.host, settings.port)
    ports = await open_ports(settings, listening.url, clock)
    started: list[Part] = []
    try:
        await migrate(ports.db)
        app = make_app(ports, settings.wing)
        for part in make_parts(app, ports, settings):
            await part.start()
            started.append(part)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                lifespan="off",
                proxy_headers=bool(settings.proxy_headers),
                forwarded_allow_ips=settings.proxy_headers or None,
                timeout_graceful_shutdown=GRACE_SECONDS,
                server_header=False,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listening.socket]), name="web")
        listening.ports = ports
        listening.server = server
        try:
            await listening.wait_until_open(server)
            yield listening
        finally:
            server.should_exit = True
            await serving
    finally:
        for part in reversed(started):
            await part.stop()
        await close_ports(ports)
        listening.socket.close()
