"""When a webhook is sent again: pure. The schedule is short because a pulse asks "is it slow *now*?"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from opulse.outbound.models import (
    AddressReason,
    AddressRefused,
    AnswerTooLarge,
    FailureReason,
    OutboundError,
    OutboundFailed,
    OutboundResponse,
    OutboundTimeout,
    RetryDecision,
)

SCHEDULE: Final = (0.0, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
"""Seconds to wait before attempt 1, 2, ... 7; after the last one the delivery is a dead letter."""
LONGEST_WAIT: Final = 3600.0
"""Seconds. A receiver that asks us to wait longer would get a stale question."""

_TRY_AGAIN: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer came. ``retry_after`` in seconds, where the receiver said so."""

    status: int
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """No usable answer came."""

    reason: FailureReason


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The guard refused the address; nothing was sent."""

    reason: AddressReason


Outcome = Answered | NotAnswered | NotAllowed


def outcome_of(result: OutboundResponse | OutboundError, now: datetime) -> Outcome:
    """What an attempt of :class:`~opulse.outbound.client.OutboundClient` ended in. An answer too large is an answer."""
    match result:
        case OutboundResponse():
            return Answered(result.status, parse_retry_after(result.headers.get("retry-after"), now))
        case AnswerTooLarge():
            return Answered(result.status)
        case AddressRefused():
            return NotAllowed(result.reason)
        case OutboundFailed() | OutboundTimeout():
            return NotAnswered(result.reason)
        case _:
            raise TypeError(f"not an end of a request: {type(result).__name__}")


def decide_retry(attempt: int, outcome: Outcome) -> tuple[RetryDecision, float | None]:
    """After attempt ``attempt`` (the first is 1): what to do, and for ``RETRY`` the seconds to wait, else ``None``."""
    if attempt < 1:
        raise ValueError("the first attempt is 1")
    match outcome:
        case Answered(status=status) if 200 <= status < 300:
            return RetryDecision.DELIVERED, None
        case Answered(status=410):
            return RetryDecision.DISABLE, None
        case Answered(status=status) if status in _TRY_AGAIN or 500 <= status < 600:
            return _next(attempt, outcome.retry_after)
        case NotAnswered(reason=reason) if reason is not FailureReason.BAD_REQUEST:
            return _next(attempt, None)
        case _:
            return RetryDecision.REFUSED, None


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from ``now``, out of a number or an HTTP date (RFC 9110 10.2.3); ``None`` where it says nothing readable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": a time whose zone is unknown; HTTP dates are always UTC
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _next(attempt: int, retry_after: float | None) -> tuple[RetryDecision, float | None]:
    if attempt >= len(SCHEDULE) or (retry_after or 0.0) > LONGEST_WAIT:
        return RetryDecision.DEAD_LETTER, None
    return RetryDecision.RETRY, max(SCHEDULE[attempt], retry_after or 0.0)
