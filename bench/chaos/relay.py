"""A mail relay that keeps account of what it took and refused, and misbehaves as planned. SMTP with PIPELINING, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import Sequence

from bench.chaos.plan import MailTrouble, RelayFault

_ADDRESS = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.MULTILINE | re.IGNORECASE)
_END = b"\r\n.\r\n"
_MOST = 1 << 20  # bytes of a message
_GREETING = "220 chaos"
_OFFERS = "250-chaos\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 1000000"


class Relay:
    """``taken`` and ``refused`` are the truth that the rows are compared with. ``start`` it, ``stop`` it."""

    def __init__(self, troubles: Sequence[MailTrouble] = (), *, keeps: bool = False) -> None:
        self.port = 0
        self.offered = 0  # mails, by their RCPT
        self.taken: dict[str, list[str]] = defaultdict(list)  # address → Message-IDs, one per copy
        self.refused: set[str] = set()  # addresses that were told 5xx
        self.newest: dict[str, bytes] = {}  # address → the message that was taken last, where ``keeps``
        self._keeps = keeps
        self._troubles = tuple(troubles)
        self._busy = sum(one.mails for one in troubles if one.fault is RelayFault.BUSY)
        self._awaited: list[tuple[int, asyncio.Event]] = []
        self._dead: set[MailTrouble] = set()  # deaths that were died
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._waking: set[asyncio.Task[None]] = set()
        self._talking: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=_MOST)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def until_offered(self, mails: int) -> None:
        """Wait for the so-manieth mail."""
        if self.offered < mails:
            event = asyncio.Event()
            self._awaited.append((mails, event))
            await event.wait()

    async def stop(self) -> None:
        for task in self._waking:
            task.cancel()
        self._cut()
        await asyncio.gather(*self._waking, *self._talking, return_exceptions=True)

    def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _die(self, seconds: float) -> None:
        self._cut()
        await asyncio.sleep(seconds)
        await self.start()

    def _now(self, *faults: RelayFault) -> MailTrouble | None:
        """The trouble of one of these kinds that holds for the mail that was offered last."""
        for one in self._troubles:
            if one.fault in faults and one.mail < self.offered <= one.mail + one.mails:
                return one
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        me = asyncio.current_task()
        assert me is not None
        self._talking.add(me)
        me.add_done_callback(self._talking.discard)
        try:
            if self._is_busy():
                writer.write(b"421 too busy\r\n")
                return
            writer.write(f"{_GREETING}\r\n".encode())
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other end died, or we did
        finally:
            self._writers.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    def _is_busy(self) -> bool:
        first = min((one.mail for one in self._troubles if one.fault is RelayFault.BUSY), default=0)
        if not self._busy or self.offered < first:
            return False
        self._busy -= 1
        return True

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient, refusal = "", ""
        while line := await reader.readline():
            verb = line[:4].upper()
            answer = "250 ok"
            match verb:
                case b"EHLO":
                    answer = _OFFERS
                case b"RCPT":
                    recipient = _address(line)
                    refusal = answer = self._offer(recipient)
                    if refusal.startswith("250"):
                        refusal = ""
                case b"DATA":
                    answer = "503 no recipient" if refusal else "354 go on"
                case b"QUIT":
                    answer = "221 bye"
            if slow := self._now(RelayFault.SLOW):
                await asyncio.sleep(slow.seconds)
            writer.write(f"{answer}\r\n".encode())
            if answer[:3] in ("421", "221"):
                return
            if answer.startswith("354") and not await self._message(reader, writer, recipient):
                return

    def _offer(self, recipient: str) -> str:
        """The answer to a recipient. The counter of mails goes on here, and what is planned for a mail happens to this one."""
        self.offered += 1
        for mails, event in self._awaited:
            if self.offered >= mails:
                event.set()
        trouble = self._now(RelayFault.CLOSES, RelayFault.DEFERS, RelayFault.REFUSES, RelayFault.DIES)
        match trouble and trouble.fault:
            case RelayFault.CLOSES:
                return "421 closing"
            case RelayFault.DEFERS:
                return "451 later"
            case RelayFault.REFUSES:
                self.refused.add(recipient)
                return "550 no such person"
            case RelayFault.DIES if trouble not in self._dead:
                assert trouble is not None
                self._dead.add(trouble)
                self._waking.add(asyncio.create_task(self._die(trouble.seconds)))
        return "250 ok"

    async def _message(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str
    ) -> bool:
        """Read a message and answer it. False: the connection is over."""
        message = await reader.readuntil(_END)
        trouble = self._now(RelayFault.LOSES, RelayFault.FORGETS, RelayFault.ERRS)
        fault = trouble.fault if trouble else None
        if fault is RelayFault.ERRS:
            self.refused.add(recipient)
            writer.write(b"554 not this one\r\n")
            return True
        if fault is not RelayFault.FORGETS:
            self._take(recipient, message)
        if fault is not None:
            writer.transport.abort()
            return False
        writer.write(b"250 taken\r\n")
        return True

    def _take(self, recipient: str, message: bytes) -> None:
        found = _MESSAGE_ID.search(message)
        self.taken[recipient].append(found.group(1).decode("ascii") if found else "")
        if self._keeps:
            self.newest[recipient] = message.removesuffix(_END).replace(b"\r\n.", b"\r\n")


def _address(line: bytes) -> str:
    found = _ADDRESS.search(line)
    return found.group(1).decode() if found else ""
