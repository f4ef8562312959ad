"""The least that a web framework does: a bare Starlette application that says hello, on the product's own server settings.

``python -m bench.peers.bare_hello`` listens on a free port, tells it in one line, and serves until it is terminated.
"""

from __future__ import annotations

import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from opulse.bootstrap.loop import run
from opulse.bootstrap.server import listen


async def say_hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def serve() -> None:
    """The options are those of ``opulse.bootstrap.installation``: the same loop, the same parser, no access log."""
    app = Starlette(routes=[Route("/", say_hello)])
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False)
    )
    serving = asyncio.create_task(server.serve(sockets=[listening.socket]))
    await listening.wait_until_open(server)
    print(f"listens on {listening.url}", flush=True)
    await serving


if __name__ == "__main__":
    run(serve())
