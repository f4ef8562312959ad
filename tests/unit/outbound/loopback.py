"""A real HTTP server on loopback that remembers what it was asked, and a resolver with a table."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int
    server_name: str | None


Reply = Callable[[Asked], Awaitable[bytes]]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def say_ok(_: Asked) -> bytes:
    return answer()


@dataclass
class LoopbackServer:
    """``reply`` may be set by a test; an empty reply closes the connection."""

    port: int = 0
    reply: Reply = say_ok
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    server_names: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while (head := await _head(reader)) is not None:
                line, headers = head
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                name = self.server_names[-1] if self.server_names else None
                self.asked.append(Asked(line, headers, body, number, name))
                said = await self.reply(self.asked[-1])
                if not said:
                    break
                writer.write(said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *rest = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    return line, {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}


@asynccontextmanager
async def running(tls: ssl.SSLContext | None = None) -> AsyncIterator[LoopbackServer]:
    server = LoopbackServer()
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await server.serve(reader, writer)

    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: server.server_names.append(name)
    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def names(**table: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that knows these names (``_`` for a dot) and remembers nothing."""
    known = {name.replace("_", "."): addresses for name, addresses in table.items()}

    async def resolve(host: str, port: int) -> Sequence[str]:
        return known.get(host, ())

    return resolve
