"""One connection to the door: SMTP (RFC 5321) or LMTP (RFC 2033), whichever greeting the client chooses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opulse.mail.inbound.server import Taken

MOST_BYTES = 1_048_576
"""A report that returns the whole mail is well below this; announced as SIZE."""
MOST_LINE = 16_384
MOST_RECIPIENTS = 50
MOST_ERRORS = 10
IDLE_SECONDS = 60.0

_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]{0,320})>", re.IGNORECASE)

Take = Callable[[str, str, bytes], "Awaitable[Taken]"]


class Session:
    """Runs until QUIT, the other side's end, a minute of silence, or too many errors."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        is_ours: Callable[[str], bool],
        take: Take,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._is_ours = is_ours
        self._take = take
        self._lmtp = False
        self._errors = 0
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        """Speak. Raises ConnectionError, TimeoutError or LimitOverrunError where the other side is no mail server."""
        await self._say("220 opulse takes what comes back")
        while self._errors < MOST_ERRORS:
            line = await self._line()
            if not line:
                return
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 2.0.0 bye")
                return
            await self._command(verb.upper(), rest)
        await self._say("421 4.7.0 too many errors")

    async def _command(self, verb: str, rest: str) -> None:
        if verb in ("EHLO", "LHLO", "HELO"):
            self._lmtp = verb == "LHLO"
            self._reset()
            offers = [
                "opulse",
                "PIPELINING",
                f"SIZE {MOST_BYTES}",
                "8BITMIME",
                "ENHANCEDSTATUSCODES",
                "SMTPUTF8",
            ]
            lines = offers[:1] if verb == "HELO" else offers
            await self._say(*(f"250{'-' if one is not lines[-1] else ' '}{one}" for one in lines))
        elif verb == "MAIL":
            await self._mail(rest)
        elif verb == "RCPT":
            await self._rcpt(rest)
        elif verb == "DATA":
            await self._data()
        elif verb in ("RSET", "NOOP"):
            self._sender = None if verb == "RSET" else self._sender
            self._recipients = [] if verb == "RSET" else self._recipients
            await self._say("250 2.0.0 OK")
        else:
            await self._refuse("502 5.5.1 not implemented")

    async def _mail(self, rest: str) -> None:
        found = _PATH.match(rest)
        if found is None:
            await self._refuse("501 5.5.4 MAIL FROM:<address>")
            return
        self._sender, self._recipients = found.group(1), []
        await self._say("250 2.1.0 OK")

    async def _rcpt(self, rest: str) -> None:
        found = _PATH.match(rest)
        if self._sender is None or found is None:
            await self._refuse("503 5.5.1 MAIL first, then RCPT TO:<address>")
        elif len(self._recipients) >= MOST_RECIPIENTS:
            await self._refuse("452 4.5.3 too many recipients")
        elif not self._is_ours(found.group(1)):
            await self._refuse("550 5.1.1 no bounce or complaint address of ours")
        else:
            self._recipients.append(found.group(1))
            await self._say("250 2.1.5 OK")

    async def _data(self) -> None:
        if self._sender is None or not self._recipients:
            await self._refuse("503 5.5.1 MAIL and RCPT first")
            return
        await self._say("354 end with a dot")
        mail = await self._content()
        if mail is None:
            await self._refuse("552 5.3.4 larger than we take", times=len(self._recipients))
            self._reset()
            return
        replies = [self._reply(await self._take(self._sender, to, mail)) for to in self._recipients]
        later = next((one for one in replies if one.startswith("4")), replies[0])
        await self._say(*(replies if self._lmtp else [later]))
        self._reset()

    def _reply(self, taken: Taken) -> str:
        return "451 4.3.0 not now" if taken.value == "later" else f"250 2.0.0 {taken.value}"

    async def _content(self) -> bytes | None:
        """Up to the dot; None: too large (read to its end all the same, or the rest would be taken for commands)."""
        kept, size = [], 0
        while (line := await self._line()) != b".\r\n":
            if not line:
                raise ConnectionResetError("the other side ended inside a mail")
            size += len(line)
            if size <= MOST_BYTES:
                kept.append(line[1:] if line.startswith(b".") else line)
            elif size > 20 * MOST_BYTES:
                raise ConnectionAbortedError("a mail without an end")
        return b"".join(kept) if size <= MOST_BYTES else None

    async def _line(self) -> bytes:
        async with asyncio.timeout(IDLE_SECONDS):
            try:
                return await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return b""

    async def _refuse(self, *lines: str, times: int = 1) -> None:
        self._errors += 1
        await self._say(*(lines * (times if self._lmtp else 1)))

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))
        await self._writer.drain()

    def _reset(self) -> None:
        self._sender, self._recipients = None, []
