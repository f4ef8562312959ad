"""A relay that says what it is told to say, and small mails to send to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from opulse.mail.models import Envelope, Relay, Security, Timeouts

QUICK = Timeouts(connect=2.0, command=2.0, data_end=2.0)


def mail(number: int, to: str | None = None, body: str = "hello") -> Envelope:
    """A small mail with key ``number``."""
    data = f"Subject: {number}\r\nMessage-ID: <{number}@example.org>\r\n\r\n{body}\r\n".encode()
    return Envelope(str(number), f"bounces+{number}@example.org", to or f"user{number}@example.org", data)


def plain(port: int, **settings: Any) -> Relay:
    """A relay on loopback without TLS."""
    given: dict[str, Any] = {"security": Security.OFF, "timeouts": QUICK, **settings}
    return Relay("127.0.0.1", port, **given)


@dataclass
class Scripted:
    """A relay that answers each command with what the script holds for it, or as a good relay would.

    ``answers`` maps the beginning of a command (or ``.`` for the end of the data, ``greeting``) to the replies it gives
    in turn; the last one stays. The reply ``drop`` cuts the connection, ``silence`` says nothing any more.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    offers: tuple[str, ...] = ("PIPELINING", "SIZE 100000", "8BITMIME", "SMTPUTF8")
    seen: list[str] = field(default_factory=list)
    writes: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self._say(writer, "greeting", "220 scripted"):
                await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            self.seen.append(line)
            verb = line.split(" ")[0].split(":")[0].upper()
            if verb == "EHLO":
                good = "\r\n".join(f"250-{offer}" for offer in ("scripted", *self.offers)) + "\r\n250 HELP"
            else:
                good = {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")
            said = self._say(writer, line, good)
            if said == "silence":
                await reader.read()
            if said in (None, "silence") or verb == "QUIT":
                return
            if said.startswith("354") and not await self._message(reader, writer):
                return

    async def _message(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        body = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                return False
            body.append(line)
        self.seen.append(".")
        self.writes.append(b"".join(body))
        said = self._say(writer, ".", "250 queued")
        if said == "silence":
            await reader.read()
        return said not in (None, "silence")

    def _say(self, writer: asyncio.StreamWriter, command: str, good: str) -> str | None:
        for beginning, replies in self.answers.items():
            if command.upper().startswith(beginning.upper()):
                good = replies.pop(0) if len(replies) > 1 else replies[0]
                break
        if good == "drop":
            writer.transport.abort()
            return None
        if good != "silence":
            writer.write(f"{good}\r\n".encode())
        return good
