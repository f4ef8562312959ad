"""``python -m bench.peers.bare_asgi PORT``: an ASGI application that reads a POST and answers ``{}``, on the server we run on."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn

from opulse.bootstrap.loop import loop_factory

START = {
    "type": "http.response.start",
    "status": 202,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
}
END = {"type": "http.response.body", "body": b"{}"}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Nothing but the protocol."""
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send(START)
    await send(END)


def main() -> None:
    port = int(sys.argv[1])
    config = uvicorn.Config(
        app,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
    )
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
