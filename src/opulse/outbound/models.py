"""What a request to a foreign address ends in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AddressReason(StrEnum):
    """Why an address is refused."""

    MALFORMED = "malformed"  # not an http or https address with a host and a port within 1..65535
    NOT_HTTPS = "not_https"  # plain http to a host that is not our own, and the setting does not allow it
    USER_INFO = "user_info"  # carries a user name or password (https://user:password@host/)
    ODD_NOTATION = "odd_notation"  # an IPv4 address in decimal, octal, hexadecimal or short form
    LOOPBACK = "loopback"  # this machine
    PRIVATE = "private"  # a network that is not part of the internet
    LINK_LOCAL = "link_local"  # this machine's own wire; clouds keep their credentials there
    MULTICAST = "multicast"  # many machines at once
    RESERVED = "reserved"  # set aside: unspecified, documentation, benchmarking, broadcast, transition, a cloud's internals


class FailureReason(StrEnum):
    """Why a permitted request got no usable answer."""

    NO_ADDRESS = "no_address"  # the name does not resolve
    NOT_CONNECTED = "not_connected"  # no checked address took the connection
    TLS = "tls"  # the certificate or the handshake is not acceptable
    BROKEN = "broken"  # the connection ended, or what came over it is not HTTP
    TIMEOUT = "timeout"  # the total time ran out; the other side may have done its work
    BAD_REQUEST = "bad_request"  # what we were asked to send cannot be sent, such as a line break in a header


class RetryDecision(StrEnum):
    """What becomes of a delivery after an attempt."""

    DELIVERED = "delivered"  # any 2xx
    RETRY = "retry"  # after the delay
    DEAD_LETTER = "dead_letter"  # the schedule is used up, or the receiver asks for too long a wait; an operator may resend
    REFUSED = "refused"  # would be refused again: another 4xx, a redirect, an address the guard refuses
    DISABLE = "disable"  # 410: the receiver is gone; the recipient is switched off


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """An answer, whatever its status; redirects are answers too and are never followed."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; a repeated header is joined by ``, ``."""
    body: bytes = field(repr=False)
    elapsed: float
    """Seconds from asking to the last byte."""


class OutboundError(Exception):
    """Any way in which a request ends without an answer."""


class AddressRefused(OutboundError):
    """Nothing was sent: the guard refuses the address."""

    def __init__(self, reason: AddressReason, host: str) -> None:
        super().__init__(f"{host or 'the address'} is refused: {reason.value}")
        self.reason = reason
        self.host = host


class OutboundTimeout(OutboundError):
    """The total time ran out; the other side may have done its work."""

    reason = FailureReason.TIMEOUT


class OutboundFailed(OutboundError):
    """No usable answer came."""

    def __init__(self, reason: FailureReason, detail: str) -> None:
        super().__init__(detail or reason.value)
        self.reason = reason


class AnswerTooLarge(OutboundError):
    """The answer exceeded ``max_bytes``; its status is known, its body was thrown away."""

    def __init__(self, status: int, limit: int) -> None:
        super().__init__(f"the answer (status {status}) has more than {limit} bytes")
        self.status = status
        self.limit = limit
