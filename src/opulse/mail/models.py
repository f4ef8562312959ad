"""What the mail floor speaks of: relays, envelopes, what became of each mail, and why a message was not built."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Security(StrEnum):
    """How a connection to a relay is protected."""

    OFF = "off"
    """Plain text throughout; the administrator's choice, for a relay on the same machine or wire."""
    OPPORTUNISTIC = "opportunistic"
    """STARTTLS where the relay offers it. A password is sent only after the certificate was checked."""
    REQUIRED = "required"
    """STARTTLS or nothing; the certificate is checked."""
    TLS = "tls"
    """TLS from the first byte (port 465); the certificate is checked."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait. Giving up on ``data_end`` makes a mail *unknown*, so it is the longest."""

    connect: float = 10.0
    command: float = 60.0
    data_end: float = 120.0


@dataclass(frozen=True, slots=True)
class Relay:
    """One SMTP server that takes our mail, with the limits it gave us. Equal settings are one relay."""

    host: str
    port: int = 25
    security: Security = Security.OPPORTUNISTIC
    username: str = ""
    password: str = field(default="", repr=False)
    per_minute: int | None = None
    """Mails a minute that may leave; None: as many as the relay takes."""
    connections: int = 4
    ca_file: str = ""
    """PEM file of the authority that signed the relay's certificate, where the machine does not know it."""
    client_name: str = ""
    """The name given in EHLO; empty: the address literal of our end of the connection."""
    timeouts: Timeouts = Timeouts()


class WireMessage(bytes):
    """A message that can follow DATA as it is: ASCII but for addresses, every line ends with CRLF, no line begins with
    a dot. Frames render these; looking for bare line ends and dots in each mail again would cost as much as rendering."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail to one address. ``key`` is the sender's own reference and comes back in the outcome.

    ``data`` is the message, not dot-stuffed: unless it is a WireMessage the sender mends line ends and stuffs dots.
    ``mail_from`` may be empty (the null sender of RFC 5321 4.5.5).
    """

    key: str
    mail_from: str
    rcpt_to: str
    data: bytes


class OutcomeState(StrEnum):
    """What became of one mail. Exactly one of these is given for each envelope."""

    ACCEPTED = "accepted"
    """The relay answered 2xx after the end of the data: the mail is the relay's now."""
    DEFERRED = "deferred"
    """The relay answered 4xx about this mail: try it again later, within the pulse's life."""
    REFUSED = "refused"
    """The relay answered 5xx about this mail, or can never carry it: final for this person."""
    UNKNOWN = "unknown"
    """The end of the data was written and no answer came: it may or may not have been taken.
    One resend with the same Message-ID, marked as ambiguous."""
    NOT_SENT = "not_sent"
    """The end of the data was never written: the relay cannot have taken it, so a resend is safe."""


class OutcomeReason(StrEnum):
    """Why a mail has its state; also the log field and the metric label."""

    REPLY = "reply"
    """The relay's own answer decided; ``stage``, ``code`` and ``text`` say which."""
    TOO_LARGE = "too_large"
    """The message is larger than the relay's SIZE."""
    NEEDS_SMTPUTF8 = "needs_smtputf8"
    """The address or a header is not ASCII and the relay does not offer SMTPUTF8."""
    NEEDS_8BITMIME = "needs_8bitmime"
    """The body is not ASCII and the relay does not offer 8BITMIME."""
    BAD_ADDRESS = "bad_address"
    """The sender or recipient is not a usable mail address."""
    CONNECT_FAILED = "connect_failed"
    """No connection: name not found, refused, unreachable."""
    RELAY_REFUSED = "relay_refused"
    """The relay answered the greeting or EHLO with an error."""
    TLS_NOT_OFFERED = "tls_not_offered"
    """STARTTLS is required and the relay does not offer it."""
    TLS_FAILED = "tls_failed"
    """The handshake failed or the certificate is not trusted."""
    LOGIN_NOT_OFFERED = "login_not_offered"
    """A user name is set and the relay offers neither AUTH PLAIN nor AUTH LOGIN on this connection."""
    LOGIN_UNSAFE = "login_unsafe"
    """Opportunistic security, no TLS offered: the password stays here."""
    LOGIN_REFUSED = "login_refused"
    """The relay did not accept the user name and password, or wants one."""
    RELAY_CLOSING = "relay_closing"
    """The relay answered 421: it closes this connection."""
    CONNECTION_LOST = "connection_lost"
    """The connection ended without notice."""
    TIMED_OUT = "timed_out"
    """The relay did not answer in time."""
    BAD_REPLY = "bad_reply"
    """The relay's answer was not SMTP."""
    STOPPED = "stopped"
    """The caller stopped the burst: pulse paused, cancelled, or the mail switch is off."""
    NOT_WRITABLE = "not_writable"
    """The message, or this person's values, cannot stand in a mail; ``text`` names the place."""
    CARRIER_LOST = "carrier_lost"
    """Our process that was sending it ended: nobody knows how far it had come."""


class Stage(StrEnum):
    """The command that the deciding reply answered."""

    NONE = "none"
    """No reply decided."""
    MAIL = "mail"
    """MAIL FROM: about the sender; everybody else will meet the same answer."""
    RCPT = "rcpt"
    """RCPT TO: about this person's address."""
    DATA = "data"
    """DATA: about the transaction, before the message was shown."""
    END = "end"
    """The end of the data: about the message itself."""


class Outcome(NamedTuple):
    """What became of the mail ``key``; ``code`` is the SMTP code (None where no reply decided), ``text`` its words."""

    key: str
    state: OutcomeState
    reason: OutcomeReason
    stage: Stage = Stage.NONE
    code: int | None = None
    text: str = ""


class Refusal(StrEnum):
    """Why a message could not be built or filled for one recipient."""

    MISSING_SLOT = "missing_slot"
    """The message has a slot and no value was given for it."""
    CONTROL_CHARACTER = "control_character"
    """A header value holds a line break or another control character: header injection."""
    NOT_TEXT = "not_text"
    """A value holds half of a surrogate pair and cannot be written as UTF-8."""
    BAD_ADDRESS = "bad_address"
    """Not a usable mail address."""
    BAD_LINK = "bad_link"
    """A link that does not begin with https://, http:// or mailto:, or holds a space."""
    BAD_MESSAGE_ID = "bad_message_id"
    """Not of the form left@right (RFC 5322 3.6.4)."""
    BAD_HEADER_NAME = "bad_header_name"
    """An optional header whose name does not begin with ``X-``."""
    BAD_DATE = "bad_date"
    """Not an RFC 5322 date."""
    TOO_LONG = "too_long"
    """A header line would exceed 998 octets and has no place to fold."""
    UNSAFE_PLACE = "unsafe_place"
    """A slot stands where no escaping is safe: a tag name, an unquoted attribute, a style or a script."""


class MessageRefused(ValueError):
    """The message is not built; ``reason`` says why and ``where`` names the header or slot."""

    def __init__(self, reason: Refusal, where: str) -> None:
        super().__init__(f"{where}: {reason.value}")
        self.reason = reason
        self.where = where

    def __reduce__(self) -> tuple[type[MessageRefused], tuple[Refusal, str]]:
        return MessageRefused, (self.reason, self.where)  # else it would be made anew from its sentence alone
