"""One TCP connection to a relay: writes go out at once, replies are waited for with a time limit."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from typing import cast

from opulse.mail.models import OutcomeReason
from opulse.mail.smtp.replies import Reply, ReplyParser, SessionBroken


class Connection(asyncio.Protocol):
    """Bytes out, replies in. After the first fault every further wait raises that fault."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = ReplyParser()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._fault: SessionBroken | None = None

    @classmethod
    async def open(cls, host: str, port: int, timeout: float, tls: ssl.SSLContext | None) -> Connection:
        """A connection to ``host``; with ``tls`` encrypted from the first byte. Raises SessionBroken."""
        loop = asyncio.get_running_loop()
        name = host if tls else None
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(cls, host, port, ssl=tls, server_hostname=name)
        except TimeoutError:
            raise SessionBroken(OutcomeReason.TIMED_OUT, f"no connection within {timeout:g} s") from None
        except ssl.SSLError as error:
            raise SessionBroken(OutcomeReason.TLS_FAILED, str(error)) from error
        except (OSError, UnicodeError) as error:  # a name that is no name fails in its encoding
            raise SessionBroken(OutcomeReason.CONNECT_FAILED, str(error)) from error
        return connection

    @property
    def alive(self) -> bool:
        """Whether nothing has gone wrong, as far as this end knows."""
        return self._fault is None and self._transport is not None and not self._transport.is_closing()

    @property
    def quiet(self) -> bool:
        """Whether the relay has said nothing that nobody asked for."""
        return not self._replies and not self._parser.pending

    @property
    def local_address(self) -> str:
        """Our end of the connection, an IP address."""
        name = self._transport.get_extra_info("sockname") if self._transport else None
        return str(name[0]) if name else "127.0.0.1"

    def write(self, data: bytes) -> None:
        """Hands ``data`` to the socket in one piece. What goes wrong is raised by the next ``reply``."""
        if self._transport is not None and self._fault is None:
            self._transport.write(data)

    def ready(self) -> Reply | None:
        """The next reply, if it is here already: with pipelining three of four are."""
        return self._replies.popleft() if self._replies else None

    async def reply(self, timeout: float) -> Reply:
        """The next reply. Raises SessionBroken: connection lost, not SMTP, or nothing within ``timeout`` seconds."""
        if not self._replies:
            await self._wait(timeout)
        return self._replies.popleft()

    async def start_tls(self, context: ssl.SSLContext, host: str, timeout: float) -> None:
        """Turns to TLS. Raises SessionBroken (TLS_FAILED), also where the relay had already said more in plain text."""
        if not self.quiet or self._transport is None:
            # Whatever came before the handshake was not protected: it may be an attacker's.
            raise SessionBroken(OutcomeReason.TLS_FAILED, "plain text after the answer to STARTTLS")
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(
                self._transport, self, context, server_hostname=host, ssl_handshake_timeout=timeout
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            raise SessionBroken(OutcomeReason.TLS_FAILED, str(error)) from error
        if transport is None:
            raise SessionBroken(OutcomeReason.TLS_FAILED, "the connection ended during the handshake")
        self._transport = transport

    def abort(self) -> None:
        """Ends the connection now; what is not yet sent is dropped."""
        self._fail(SessionBroken(OutcomeReason.CONNECTION_LOST, "closed here"))
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            # Else small writes wait for delayed acknowledgements: 40 ms a mail.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        try:
            self._replies.extend(self._parser.feed(data))
        except SessionBroken as fault:
            self._fail(fault)
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(SessionBroken(OutcomeReason.CONNECTION_LOST, str(exc) if exc else ""))

    async def _wait(self, timeout: float) -> None:
        if self._fault is not None:
            raise self._fault
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(
            timeout, self._time_out, timeout
        )  # asyncio.timeout costs more than the rest of this
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None
        if not self._replies:
            raise self._fault or SessionBroken(OutcomeReason.CONNECTION_LOST)

    def _time_out(self, timeout: float) -> None:
        self._fail(SessionBroken(OutcomeReason.TIMED_OUT, f"no reply within {timeout:g} s"))

    def _fail(self, fault: SessionBroken) -> None:
        if self._fault is None:
            self._fault = fault
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._replies or self._fault):
            self._waiter.set_result(None)
