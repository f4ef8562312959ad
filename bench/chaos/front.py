"""The door in front of the processes: HTTP to whichever of them answers, and it misbehaves as planned.

Webhook, token and affected-systems requests pass it as they would pass a reverse proxy, one connection each. Behind one address
stands a second receiver of webhooks, which keeps what it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence

from bench.chaos.plan import FrontFault, HttpTrouble

KEEPER = "/kept/"  # a receiver of our own, which keeps what it is told
DOORS = {
    "/inbound-event/": "webhook",
    "/oauth2/": "token",
    "/api/sensornotifications/": "systems",
    KEEPER: "receiver",
}
_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.MULTILINE | re.IGNORECASE)
_CONNECTION = re.compile(rb"^connection:[^\r]*\r\n", re.MULTILINE | re.IGNORECASE)
_BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_KEPT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
_DOWN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Front:
    """Stays on one port for the whole run, because the world's addresses lead here; ``begin`` tells it of each pass."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: Counter[str] = Counter()  # by door
        self.kept: list[bytes] = []  # bodies that the receiver took, each as often as it came
        self._ports: Callable[[], Sequence[int]] = list
        self._troubles: Sequence[HttpTrouble] = ()
        self._turn = itertools.count()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def begin(self, ports: Callable[[], Sequence[int]], troubles: Sequence[HttpTrouble] = ()) -> None:
        """``ports``: of the processes as they are now."""
        self.requests.clear()
        self.kept.clear()
        self._ports = ports
        self._troubles = troubles

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._pass_on(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode("latin-1")
        trouble = self._trouble(path)
        fault = trouble.fault if trouble else None
        if fault is FrontFault.REFUSES:
            writer.transport.abort()
            return
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length.group(1))) if length else b""
        if trouble is not None and fault is FrontFault.SLOW:
            await asyncio.sleep(trouble.seconds)
        if fault in (FrontFault.BUSY, FrontFault.UNAVAILABLE):
            writer.write(_BUSY if fault is FrontFault.BUSY else _DOWN)
            return
        answer = self._keep(body) if path.startswith(KEEPER) else await self._ask(head, body)
        if fault is FrontFault.LOSES:
            writer.transport.abort()
            return
        writer.write(answer)
        await writer.drain()

    def _keep(self, body: bytes) -> bytes:
        self.kept.append(body)
        return _KEPT

    def _trouble(self, path: str) -> HttpTrouble | None:
        door = next((name for part, name in DOORS.items() if part in path), "else")
        self.requests[door] += 1
        number = self.requests[door]
        return next((one for one in self._troubles if one.door == door and one.request == number), None)

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        """The whole answer of the next process that can be reached; 503 where none can."""
        first, rest = _CONNECTION.sub(b"", head).split(b"\r\n", 1)
        request = first + b"\r\nConnection: close\r\n" + rest + body
        ports = self._ports()
        for _ in ports:
            try:
                upstream, out = await asyncio.open_connection(
                    "127.0.0.1", ports[next(self._turn) % len(ports)]
                )
            except OSError:
                continue
            try:
                out.write(request)
                answer = await upstream.read()
            finally:
                out.close()
            if not answer:
                raise ConnectionResetError("the process died before it answered")
            return answer
        return _DOWN
