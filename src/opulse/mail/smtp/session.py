"""A relay that is ready to take mail: greeted, encrypted as configured, logged in."""

from __future__ import annotations

import ssl
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from opulse.mail.models import OutcomeReason, Relay, Security
from opulse.mail.smtp.connection import Connection
from opulse.mail.smtp.replies import Reply, SessionBroken

_QUIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Features:
    """What the relay offered in EHLO, as far as it matters here."""

    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    starttls: bool = False
    size: int = 0
    """Largest message in octets; 0: the relay names no limit."""
    says_size: bool = False
    logins: frozenset[str] = frozenset()


class Session:
    """An open connection with what the relay offers. Use ``open_session``; end it with ``close`` or ``abort``."""

    def __init__(self, relay: Relay, connection: Connection) -> None:
        self.relay = relay
        self.features = Features()
        self.mails = 0
        """Mails that went through this session."""
        self._connection = connection

    @property
    def alive(self) -> bool:
        """Whether the session can be used again, as far as this end knows."""
        return self._connection.alive and self._connection.quiet

    async def answers(self) -> bool:
        """Asks the relay whether it is still there (NOOP)."""
        try:
            return (await self.command("NOOP")).good
        except SessionBroken:
            return False

    def write(self, data: bytes) -> None:
        self._connection.write(data)

    async def reply(self, timeout: float | None = None) -> Reply:
        """The next reply, 421 raised as SessionBroken (RELAY_CLOSING)."""
        reply = self._connection.ready() or await self.last_reply(timeout)
        if reply.code == 421:
            raise SessionBroken(OutcomeReason.RELAY_CLOSING, reply.text, 421)
        return reply

    async def last_reply(self, timeout: float | None = None) -> Reply:
        """The next reply, whatever its code. Raises SessionBroken where there is none."""
        return await self._connection.reply(self.relay.timeouts.command if timeout is None else timeout)

    async def command(self, line: str) -> Reply:
        self.write(f"{line}\r\n".encode())
        return await self.reply()

    async def close(self) -> None:
        """Says QUIT, waits shortly for the answer, ends the connection."""
        if self._connection.alive:
            self.write(b"QUIT\r\n")
            with suppress(SessionBroken):
                await self._connection.reply(_QUIT_SECONDS)
        self.abort()

    def abort(self) -> None:
        """Ends the connection at once. A relay drops a message whose end it has not seen."""
        self._connection.abort()

    async def greet(self) -> None:
        """Reads the greeting. Raises SessionBroken (RELAY_REFUSED)."""
        greeting = await self.last_reply()
        if not greeting.good:
            raise SessionBroken(OutcomeReason.RELAY_REFUSED, greeting.text, greeting.code)

    async def introduce(self) -> None:
        """EHLO, or HELO for a relay that knows no better; fills ``features``."""
        name = self.relay.client_name or _address_literal(self._connection.local_address)
        reply = await self.command(f"EHLO {name}")
        if reply.good:
            self.features = read_features(reply)
            return
        self.features = Features()
        reply = await self.command(f"HELO {name}")
        if not reply.good:
            raise SessionBroken(OutcomeReason.RELAY_REFUSED, reply.text, reply.code)

    async def protect(self) -> bool:
        """STARTTLS as the relay's settings ask for; whether the connection is encrypted now."""
        security = self.relay.security
        if security is Security.TLS:
            return True
        if security is Security.OFF:
            return False
        if not self.features.starttls:
            if security is Security.REQUIRED:
                raise SessionBroken(OutcomeReason.TLS_NOT_OFFERED, "the relay does not offer STARTTLS")
            return False
        reply = await self.command("STARTTLS")
        if not reply.good:
            raise SessionBroken(OutcomeReason.TLS_FAILED, reply.text, reply.code)
        timeout = self.relay.timeouts.connect
        await self._connection.start_tls(trust_of(self.relay), self.relay.host, timeout)
        await self.introduce()  # what was offered in plain text is forgotten (RFC 3207 4.2)
        return True

    async def log_in(self, *, encrypted: bool) -> None:
        """AUTH PLAIN, else AUTH LOGIN, where a user name is set."""
        relay = self.relay
        if not relay.username:
            return
        if not encrypted and relay.security is not Security.OFF:
            raise SessionBroken(
                OutcomeReason.LOGIN_UNSAFE, "the relay offers no TLS: the password was not sent"
            )
        if "PLAIN" in self.features.logins:
            reply = await self.command("AUTH PLAIN " + _b64(f"\0{relay.username}\0{relay.password}"))
        elif "LOGIN" in self.features.logins:
            reply = await self._auth_login()
        else:
            raise SessionBroken(
                OutcomeReason.LOGIN_NOT_OFFERED, "neither AUTH PLAIN nor AUTH LOGIN is offered"
            )
        if not reply.good:
            raise SessionBroken(OutcomeReason.LOGIN_REFUSED, reply.text, reply.code)

    async def _auth_login(self) -> Reply:
        reply = await self.command("AUTH LOGIN")
        if reply.code == 334:
            reply = await self.command(_b64(self.relay.username))
        if reply.code == 334:
            reply = await self.command(_b64(self.relay.password))
        return reply


async def open_session(relay: Relay) -> Session:
    """A session that is ready for MAIL. Raises SessionBroken with the reason; nothing is left open then."""
    implicit = trust_of(relay) if relay.security is Security.TLS else None
    session = Session(relay, await Connection.open(relay.host, relay.port, relay.timeouts.connect, implicit))
    try:
        await session.greet()
        await session.introduce()
        await session.log_in(encrypted=await session.protect())
    except BaseException:
        session.abort()
        raise
    return session


def read_features(reply: Reply) -> Features:
    """What the lines of an EHLO reply offer; the first line is the relay's name."""
    offered: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        # "AUTH=PLAIN" is how some relays said it before RFC 2554; both spellings may stand side by side.
        keyword, *parameters = line.upper().replace("AUTH=", "AUTH ").split() or [""]
        offered.setdefault(keyword, []).extend(parameters)
    size = offered.get("SIZE", [])
    return Features(
        pipelining="PIPELINING" in offered,
        eight_bit="8BITMIME" in offered,
        smtputf8="SMTPUTF8" in offered,
        starttls="STARTTLS" in offered,
        size=int(size[0]) if size and size[0].isdecimal() else 0,
        says_size="SIZE" in offered,
        logins=frozenset(offered.get("AUTH", [])),
    )


def trust_of(relay: Relay) -> ssl.SSLContext:
    """The TLS settings for ``relay``.

    Opportunistic encryption without a password takes any certificate, for the alternative is no encryption; in every
    other case the certificate is checked. Raises SessionBroken (TLS_FAILED) where ``ca_file`` cannot be read.
    """
    lenient = relay.security is Security.OPPORTUNISTIC and not relay.username
    try:
        return _trust(lenient, relay.ca_file)
    except OSError as error:
        raise SessionBroken(OutcomeReason.TLS_FAILED, f"the file of trusted certificates: {error}") from error


@lru_cache(maxsize=32)
def _trust(lenient: bool, ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    if lenient:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _address_literal(address: str) -> str:
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _b64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
