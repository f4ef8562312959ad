"""Take mails for bounce and complaint addresses, and nothing else.

It stands behind the organisation's mail server (Postfix: ``transport_maps``), on loopback by default, so it offers no TLS and
no sign-in. It sends nothing, relays nothing, and answers no mail: an address that is not ours is refused at RCPT, before any
content. A mail that could not be written down is answered with 451, and the mail server brings it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import StrEnum

from opulse.mail.inbound.session import MOST_LINE, Session
from opulse.observe import get_logger

MOST_CONNECTIONS = 50

log = get_logger("mail.inbound")


class Taken(StrEnum):
    """What became of a mail that came back."""

    KEPT = "kept"
    """It was written down, or was known."""
    NOTHING = "nothing"
    """It says nothing about a mail of ours: an absence note, a receipt."""
    LATER = "later"
    """The database is away; the mail is to be brought again."""


class Takes:
    """What the door asks of whoever keeps the books."""

    def __init__(
        self, is_ours: Callable[[str], bool], take: Callable[[str, str, bytes], Awaitable[Taken]]
    ) -> None:
        """``is_ours`` judges a recipient address; ``take`` is given (sender, recipient, mail)."""
        self.is_ours = is_ours
        self.take = take


class Inbound:
    """The server. ``start`` it, ``stop`` it; ``port`` is where it listens."""

    def __init__(self, takes: Takes, host: str, port: int) -> None:
        self._takes = takes
        self._host = host
        self.port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listens; port 0 takes a free one. Raises OSError where it is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self.port, limit=MOST_LINE)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stops listening; a mail that has not been answered is brought again."""
        if self._server is None:
            return
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if len(self._open) > MOST_CONNECTIONS:
                writer.write(b"421 4.3.2 too many connections\r\n")
            else:
                await Session(reader, writer, self._takes.is_ours, self._take).run()
        except (ConnectionError, TimeoutError, asyncio.LimitOverrunError):
            pass  # the other side went away, waited too long, or sent a line without an end
        finally:
            self._open.discard(task)
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def _take(self, sender: str, recipient: str, mail: bytes) -> Taken:
        try:
            return await self._takes.take(sender, recipient, mail)
        except Exception as error:  # the edge of the mail world: a mail must not be lost by what we got wrong
            log.error("a mail that came back could not be taken and is asked for again", exc_info=error)
            return Taken.LATER
