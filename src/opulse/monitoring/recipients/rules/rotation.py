"""Whether a webhook's secret can be rotated now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from opulse.monitoring.recipients.models import Authentication, RecipientFault, RecipientProblem

SHORTEST: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=30)


def check_rotation(
    given: Authentication | None, overlap: timedelta, now: datetime
) -> tuple[RecipientProblem, ...]:
    """Everything that stands against it; empty: it can be. ``given`` None: the recipient is no webhook."""
    return tuple(_problems(given, overlap, now))


def _problems(given: Authentication | None, overlap: timedelta, now: datetime) -> Iterator[RecipientProblem]:
    if given is None or not given.type.signs:
        text = "It signs nothing: only Signed Secret and Standard Webhooks have a secret to rotate."
        yield RecipientProblem("authentication", RecipientFault.SIGNS_NOTHING, text)
    elif given.overlaps(now):
        # a third secret would drop the one that the receiver may still hold
        text = "The last rotation's old secret still signs; end that overlap first."
        yield RecipientProblem("overlap_hours", RecipientFault.ROTATING, text)
    if not SHORTEST <= overlap <= LONGEST:
        text = "Both secrets can hold together for an hour at least, and for 30 days at most."
        yield RecipientProblem("overlap_hours", RecipientFault.OVERLAP, text)
