"""HTTP to addresses that users gave us: the guard against server-side request forgery, the client, and when to try again.

Comes in: a method, an address, bytes. Goes out: an answer, or a typed reason for none. Announces no jobs.
"""

from opulse.outbound.client import OutboundClient
from opulse.outbound.guard import AddressPolicy, check_url
from opulse.outbound.models import (
    AddressReason,
    AddressRefused,
    AnswerTooLarge,
    FailureReason,
    OutboundError,
    OutboundFailed,
    OutboundResponse,
    OutboundTimeout,
)

__all__ = [
    "AddressPolicy",
    "AddressReason",
    "AddressRefused",
    "AnswerTooLarge",
    "FailureReason",
    "OutboundClient",
    "OutboundError",
    "OutboundFailed",
    "OutboundResponse",
    "OutboundTimeout",
    "check_url",
]
