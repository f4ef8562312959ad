"""An address that takes whatever is posted to it and keeps the bodies: what a subscriber's server is to a test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Taking:
    """``bodies``: in the order in which they came."""

    url: str
    bodies: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def taking() -> AsyncIterator[Taking]:
    """Listen on a free loopback port and answer 200 to every POST."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Taking(f"http://127.0.0.1:{listening.getsockname()[1]}/")

        async def take(request: Request) -> Response:
            made.bodies.append(await request.body())
            return Response()

        app = Starlette(routes=[Route("/", take, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110  (polled)
            await asyncio.sleep(0.005)
        try:
            yield made
        finally:
            server.should_exit = True
            await serving
