"""What a link opens now."""

from __future__ import annotations

from datetime import datetime, timedelta

from opulse.experience.responses.models import AccessReason, Asked
from opulse.experience.surveys.models import SurveyState


def decide_access(
    asked: Asked, survey: SurveyState, opened_at: datetime | None, grace: timedelta, now: datetime
) -> AccessReason:
    """Whether the questions may be answered, and why not.

    ``opened_at`` is when the posted page was served (None on GET, or when the page does not prove it): what was
    begun in time may be sent within ``grace`` after it was begun.
    """
    if survey is not SurveyState.ACTIVE or asked.cancelled:
        return AccessReason.CLOSED
    if now < asked.expires_at:
        return AccessReason.OPEN
    if opened_at is not None and opened_at < asked.expires_at and now <= opened_at + grace:
        return AccessReason.FINISHING
    return AccessReason.EXPIRED
