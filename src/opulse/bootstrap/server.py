"""The socket that the web server listens on: bound first, so that port 0 gives an address that can be told at once."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

import uvicorn

from opulse.ports import Ports


@dataclass
class Listening:
    """A bound socket and, once it runs, the server on it."""

    socket: socket.socket
    host: str
    port: int
    ports: Ports | None = None
    server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        """How this machine reaches it."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104  # compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def opened(self) -> Ports:
        """The ports of the running process."""
        if self.ports is None:
            raise RuntimeError("the installation does not run yet")
        return self.ports

    async def wait_until_open(self, server: uvicorn.Server) -> None:
        while not server.started:  # noqa: ASYNC110  # uvicorn tells by a flag, not by an event
            await asyncio.sleep(0.01)


class PortTaken(OSError):
    """Somebody listens there already; the message says what to do."""


def listen(host: str, port: int) -> Listening:
    """Bind ``host:port`` (0: a free one).

    Raises:
        PortTaken: with what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the protocol is named, else asyncio leaves Nagle's algorithm on: every kept connection would wait 40 ms per answer
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PortTaken(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port, or stop what listens there"
        ) from error
    return Listening(bound, host, bound.getsockname()[1])
