"""A running installation: the parts of one process, started in order and stopped in the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from opulse import __version__
from opulse.bootstrap.app import make_app, make_health_app
from opulse.bootstrap.keys import KEY_FILE
from opulse.bootstrap.owning import owned
from opulse.bootstrap.parts import Part, make_parts
from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.bootstrap.server import Listening, listen
from opulse.clock import Clock
from opulse.observe import faults
from opulse.observe.traces import close_traces, configure_traces
from opulse.ports import Ports
from opulse.settings import Settings

GRACE_SECONDS = 5  # open live streams are cut after this long on shutdown


@asynccontextmanager
async def running(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Listening]:
    """Migrate, start every part and the web server; stop them in the other order when the block ends.

    Raises:
        DatabaseTaken: another process serves this database.
        PortTaken: somebody listens there already.
        ValueError: options that do not go together.
    """
    faults.arm(settings.fault_file)
    with owned(settings.database):
        listening = listen(settings.host, settings.port)
        try:
            async with _traced(settings), _opened(settings, listening.url, clock) as ports:
                app = make_app(ports, settings.wing)
                async with _started(make_parts(app, ports, settings)), _served(app, listening, settings):
                    listening.ports = ports
                    yield listening
        finally:
            listening.socket.close()


@asynccontextmanager
async def working(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Listening | None]:
    """The same without pages and API: a process that only works. Gives where it tells its health; None: nowhere (port 0).

    Raises:
        PortTaken: somebody listens there already.
        ValueError: options that do not go together, or that the other processes must share and this one lacks.
    """
    _check_shared(settings)
    faults.arm(settings.fault_file)
    listening = listen(settings.host, settings.port) if settings.port else None
    try:
        async with (
            _traced(settings),
            _opened(settings, settings.public_url, clock) as ports,
            _started(make_parts(None, ports, settings)),
        ):
            if listening is None:
                yield None
                return
            listening.ports = ports
            async with _served(make_health_app(ports, settings.wing), listening, settings):
                yield listening
    finally:
        if listening is not None:
            listening.socket.close()


@asynccontextmanager
async def _traced(settings: Settings) -> AsyncIterator[None]:
    """Spans are sent somewhere, where that is configured; the last ones before the process ends."""
    configure_traces(settings.otlp_endpoint, __version__)
    try:
        yield
    finally:
        await asyncio.to_thread(close_traces)


def _check_shared(settings: Settings) -> None:
    if not settings.database_url.startswith("postgres"):
        raise ValueError(
            "opulse work shares a PostgreSQL with opulse serve: set OPULSE_DATABASE_URL (SQLite has one process)"
        )
    if not settings.public_url:
        raise ValueError("links in mails lead to the web server: set OPULSE_PUBLIC_URL")
    if not settings.secret_key.get_secret_value() and not (settings.data / KEY_FILE).exists():
        raise ValueError(
            "every process signs and seals with the same keys: set OPULSE_SECRET_KEY alike for all of them, or give this "
            f"one {KEY_FILE} of the first one's data folder"
        )


@asynccontextmanager
async def _opened(settings: Settings, url: str, clock: Clock | None) -> AsyncIterator[Ports]:
    ports = await open_ports(settings, url, clock)
    try:
        await migrate(ports.db)
        yield ports
    finally:
        await close_ports(ports)


@asynccontextmanager
async def _started(parts: Sequence[Part]) -> AsyncIterator[None]:
    started: list[Part] = []
    try:
        for part in parts:
            await part.start()
            started.append(part)
        yield
    finally:
        for part in reversed(started):
            await part.stop()


@asynccontextmanager
async def _served(app: FastAPI, listening: Listening, settings: Settings) -> AsyncIterator[None]:
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
            ws="none",  # nothing here speaks WebSocket; its modules cost every start a third of a second
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening.socket]), name="web")
    listening.server = server
    try:
        await listening.wait_until_open(server)
        yield
    finally:
        server.should_exit = True
        await serving
