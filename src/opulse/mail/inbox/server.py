"""The sink's SMTP side: aiosmtpd's protocol in our own event loop, with faults to be switched on by tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from opulse.clock import Clock
from opulse.mail.inbox.mailbox import Mailbox


@dataclass(slots=True)
class Faults:
    """What shall go wrong, by recipient address. Change it while the sink runs."""

    rcpt: dict[str, str] = field(default_factory=dict)
    """The reply to RCPT, such as ``550 5.1.1 no such user``."""
    data: dict[str, str] = field(default_factory=dict)
    """The reply to the end of the data; the mail is not kept."""
    drop_after_data: set[str] = field(default_factory=set)
    """The mail is kept, then the connection is cut without a reply. Once: the address is taken out."""
    lose_data: set[str] = field(default_factory=set)
    """The connection is cut without a reply and the mail is not kept. Once."""
    delay: float = 0.0
    """Seconds (of the event loop) before each message is answered."""
    pipelining: bool = True


class Inbox:
    """The sink. ``start`` it, send to ``host:port``, look at ``mailbox``, ``stop`` it."""

    def __init__(self, folder: Path, clock: Clock, on_mail: Callable[[int], None] | None = None) -> None:
        """``on_mail`` is called with the number of each mail that was kept."""
        self.mailbox = Mailbox(folder)
        self.faults = Faults()
        self._clock = clock
        self._on_mail = on_mail
        self._server: asyncio.Server | None = None
        self._protocols: list[SMTP] = []
        self.port = 0

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listens; 0 takes a free port. Gives the port. Raises OSError where it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, host, port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def stop(self) -> None:
        """Stops listening and ends open connections; what was answered with 250 is kept."""
        if self._server is None:
            return
        self._server.close()
        for protocol in self._protocols:
            _abort(protocol)
        self._protocols.clear()
        await self._server.wait_closed()
        self._server = None

    def _protocol(self) -> SMTP:
        self._protocols = [known for known in self._protocols if known.transport is not None]
        protocol = SMTP(
            self, enable_SMTPUTF8=True, hostname="inbox.localhost", loop=asyncio.get_running_loop()
        )
        self._protocols.append(protocol)
        return protocol

    # The names below are aiosmtpd's.

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.faults.pipelining else responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.faults.rcpt:
            return self.faults.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        faults, address = self.faults, envelope.rcpt_tos[0]
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if address in faults.data:
            return faults.data[address]
        if address in faults.lose_data:
            faults.lose_data.discard(address)
            return _cut(server)
        number = self._keep(envelope)
        if address in faults.drop_after_data:
            faults.drop_after_data.discard(address)
            return _cut(server)
        return f"250 2.0.0 kept as {number}"

    def _keep(self, envelope: Envelope) -> int:
        # A small file written here costs less than a hop to a thread.
        content = envelope.original_content or b""
        sender, recipient = (envelope.mail_from or "").strip("<>"), ", ".join(envelope.rcpt_tos)
        number = self.mailbox.keep(sender, recipient, self._clock.now(), content)
        if self._on_mail is not None:
            self._on_mail(number)
        return number


def _cut(server: SMTP) -> str:
    _abort(server)
    return "421 never seen"


def _abort(protocol: SMTP) -> None:
    if protocol.transport is not None:
        # Not isinstance: uvloop's transports do not inherit from asyncio's.
        cast(asyncio.Transport, protocol.transport).abort()
