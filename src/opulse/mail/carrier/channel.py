"""Messages between a process and its carrier: pickled tuples behind their length, over a socket pair that nobody else holds."""

from __future__ import annotations

import asyncio
import pickle
import socket
from typing import Any, Self

_LENGTH = 4


class Channel:
    """One end. Messages arrive in order and whole; the end of the other process is the end of the channel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Self:
        """The channel over this end of a socket pair."""
        end.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, *message: Any) -> None:
        """Never waits. What is sent to a process that has ended is lost, as it would be a moment later."""
        if not self._writer.is_closing():
            packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
            self._writer.write(len(packed).to_bytes(_LENGTH, "big") + packed)

    async def receive(self) -> tuple[Any, ...] | None:
        """The next message; None: the other end is gone."""
        try:
            length = await self._reader.readexactly(_LENGTH)
            packed = await self._reader.readexactly(int.from_bytes(length, "big"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        message: tuple[Any, ...] = pickle.loads(packed)  # noqa: S301  # the other end is our own process, and nobody else has it
        return message

    def close(self) -> None:
        self._writer.close()
