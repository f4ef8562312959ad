"""One envelope in SMTP's words: its commands, its data as it goes over the wire, and how a reply becomes an outcome."""

from __future__ import annotations

import re
from dataclasses import dataclass

from opulse.mail.addresses import needs_smtputf8, wire_address
from opulse.mail.models import (
    Envelope,
    MessageRefused,
    Outcome,
    OutcomeReason,
    OutcomeState,
    Stage,
    WireMessage,
)
from opulse.mail.smtp.replies import Reply, SessionBroken
from opulse.mail.smtp.session import Features

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Mail:
    """An envelope that this relay can carry, ready to write."""

    key: str
    mail: bytes
    rcpt: bytes
    data: bytes
    """Dot-stuffed, with the final dot."""

    @property
    def group(self) -> bytes:
        """The three commands as one write (RFC 2920: DATA ends a group)."""
        return self.mail + self.rcpt + b"DATA\r\n"


def prepare(envelope: Envelope, features: Features) -> Mail | Outcome:
    """The mail for a relay with ``features``, or the outcome where this relay can never carry it."""
    try:
        sender = wire_address(envelope.mail_from) if envelope.mail_from else ""
        recipient = wire_address(envelope.rcpt_to)
    except MessageRefused:
        return _refused(envelope, OutcomeReason.BAD_ADDRESS)
    eight_bit = not envelope.data.isascii()
    international = (
        needs_smtputf8(sender) or needs_smtputf8(recipient) or (eight_bit and _has_utf8_header(envelope))
    )
    if international and not features.smtputf8:
        return _refused(envelope, OutcomeReason.NEEDS_SMTPUTF8)
    if eight_bit and not features.eight_bit:
        return _refused(envelope, OutcomeReason.NEEDS_8BITMIME)
    data = stuffed(envelope.data)
    if features.size and len(data) > features.size:
        return _refused(envelope, OutcomeReason.TOO_LARGE)
    line = f"MAIL FROM:<{sender}>"
    if features.says_size:
        line += f" SIZE={len(data)}"
    if eight_bit:
        line += " BODY=8BITMIME"
    if international:
        line += " SMTPUTF8"
    return Mail(envelope.key, f"{line}\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode(), data)


def stuffed(data: bytes) -> bytes:
    """``data`` as it follows 354: every line end CRLF, leading dots doubled, the lone dot at the end.

    A bare CR or LF would let a message end itself and smuggle in a second one, so those become CRLF.
    """
    if isinstance(data, WireMessage):
        return data + b".\r\n"
    ends = data.count(b"\r\n")
    if ends != data.count(b"\n") or ends != data.count(b"\r"):  # counting is many times as fast as searching
        data = _BARE.sub(b"\r\n", data)
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    if data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\r\n.", b"\r\n..") + b".\r\n"


def from_reply(mail: Mail, stage: Stage, reply: Reply) -> Outcome:
    """The outcome that the relay's ``reply`` to ``stage`` makes of the mail."""
    if stage is Stage.END and reply.good:
        state = OutcomeState.ACCEPTED
    elif 500 <= reply.code < 600:
        state = OutcomeState.REFUSED
    else:
        # A 2xx or 3xx where neither belongs is treated like 4xx: the mail was not taken, another try may go well.
        state = OutcomeState.DEFERRED
    return Outcome(mail.key, state, OutcomeReason.REPLY, stage, reply.code, reply.text)


def not_sent(key: str, fault: SessionBroken) -> Outcome:
    """The mail's end was never written."""
    return Outcome(key, OutcomeState.NOT_SENT, fault.reason, Stage.NONE, fault.code, fault.text)


def unknown(key: str, fault: SessionBroken) -> Outcome:
    """The mail's end was written and no answer came."""
    return Outcome(key, OutcomeState.UNKNOWN, fault.reason, Stage.END, fault.code, fault.text)


def _refused(envelope: Envelope, reason: OutcomeReason) -> Outcome:
    return Outcome(envelope.key, OutcomeState.REFUSED, reason)


def _has_utf8_header(envelope: Envelope) -> bool:
    head, _, _ = envelope.data.partition(b"\r\n\r\n")
    return not head.isascii()
