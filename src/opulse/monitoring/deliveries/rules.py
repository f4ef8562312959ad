"""What follows an attempt, and what is told when an activation ends. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from opulse.mail.models import Outcome, OutcomeState
from opulse.monitoring.deliveries.models import (
    AttemptOutcome,
    DeliveryReason,
    Ended,
    LogCursor,
    NotSentAgainReason,
)
from opulse.outbound.retry import LONGEST_WAIT, Answered
from opulse.outbound.retry import Outcome as HttpOutcome

MAIL_SCHEDULE: Final = (0.0, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
"""Seconds before attempt 1, 2, …, as for webhooks (spine.md, *Decided*)."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

RESOLVED_BODY: Final = """{
    "eventId": "@{notificationActivationId}-resolved",
    "eventTime": "@{activationTime}",
    "eventType": "SensorNotification.Resolved",
    "data": {
        "notificationActivationId": "@{notificationActivationId}",
        "notificationName": "@{notificationName}",
        "sensorNames": [@{sensorNames}],
        "systemsAtActivationURL": "@{systemsAtActivationURL}"
    }
}"""
"""Ours, for recipients that ask for it. The event id differs from the first event's, or the receiver would take it for a
repeat; ``eventTime`` is the end.
"""


_ASKS_FOR_REST: Final = frozenset({429, 503})


def decide_rest(outcome: HttpOutcome) -> float:
    """Seconds for which a whole host is left alone after this answer; 0: not at all.

    Only where it says how long. A failure without a word is one recipient's matter, and has its own schedule.
    """
    match outcome:
        case Answered(status=status, retry_after=float(seconds)) if status in _ASKS_FOR_REST:
            return min(seconds, LONGEST_WAIT)
        case _:
            return 0.0


def decide_mail(attempt: int, outcome: Outcome, seconds: float) -> Ended:
    """What follows attempt ``attempt`` (the first is 1) of a mail.

    A mail of unknown fate is sent once more, with the same Message-ID; after that it is left alone.
    """
    said = outcome.text or outcome.reason.value
    match outcome.state:
        case OutcomeState.ACCEPTED:
            return Ended(AttemptOutcome.ACCEPTED, DeliveryReason.ACCEPTED, outcome.code, "", seconds, said)
        case OutcomeState.REFUSED:
            return _failed(DeliveryReason.REFUSED, outcome, said, seconds, None)
        case OutcomeState.UNKNOWN if attempt > 1:
            return _failed(DeliveryReason.USED_UP, outcome, said, seconds, None)
        case _ if attempt >= len(MAIL_SCHEDULE):
            return _failed(DeliveryReason.USED_UP, outcome, said, seconds, None)
        case _:
            return _failed(DeliveryReason.TRY_AGAIN, outcome, said, seconds, MAIL_SCHEDULE[attempt])


def _failed(
    reason: DeliveryReason, outcome: Outcome, said: str, seconds: float, again_in: float | None
) -> Ended:
    return Ended(AttemptOutcome.FAILED, reason, outcome.code, said, seconds, "", again_in)


NOT_SENT_AGAIN: Final[Mapping[NotSentAgainReason, str]] = {
    NotSentAgainReason.NOTHING_TO_SEND: "Its body could not be written when it was due: there is nothing to send.",
    NotSentAgainReason.RECIPIENT_DELETED: "Its recipient was deleted; there is nobody to tell.",
    NotSentAgainReason.RECIPIENT_DISABLED: "Its recipient is disabled. Enable it first.",
}
"""What a person reads."""


def write_cursor(cursor: LogCursor) -> str:
    """As an address carries it."""
    return f"{(cursor.created_at - _EPOCH) // timedelta(microseconds=1)}.{cursor.delivery}"


def read_cursor(text: str) -> LogCursor | None:
    """None: the first page.

    Raises:
        ValueError: :func:`write_cursor` did not write it.
    """
    if not text:
        return None
    micros, dot, delivery = text.partition(".")
    if not (dot and micros.isascii() and micros.isdigit() and len(micros) <= 17):
        raise ValueError("not a place in the log")
    return LogCursor(_EPOCH + timedelta(microseconds=int(micros)), delivery)
