"""When the last mail will have left, at the relay's rate: known before the first one leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from opulse.mail.rate import time_to_send


@dataclass(frozen=True, slots=True)
class Outlook:
    """How long ``mails`` take. ``left`` and ``ends_at`` None: the relay has no limit that we know; as fast as it takes them."""

    mails: int
    per_minute: int | None
    left: timedelta | None
    ends_at: datetime | None
    too_late: int
    """How many of them cannot leave before their time has passed."""


def foresee_end(mails: int, per_minute: int | None, life: timedelta, now: datetime) -> Outlook:
    """The outlook of ``mails`` that all begin now and may leave for ``life``."""
    left = time_to_send(mails, per_minute) if mails else None
    if left is None or per_minute is None:
        return Outlook(mails, per_minute, None, None, 0)
    in_time = int(per_minute * (life / timedelta(minutes=1)))
    return Outlook(mails, per_minute, left, now + left, max(0, mails - in_time))
