"""What follows an attempt, and what is told when an activation ends. Pure."""

from __future__ import annotations

from typing import Final

from opulse.mail.models import Outcome, OutcomeState
from opulse.monitoring.deliveries.models import AttemptOutcome, DeliveryReason, Ended

MAIL_SCHEDULE: Final = (0.0, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
"""Seconds before attempt 1, 2, …, as for webhooks (spine.md, *Decided*)."""

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
