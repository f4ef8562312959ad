"""When the mails of a request may leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from opulse.experience.distributions.models.states import SendWhen

OWN_ZONE = "contact"
"""As ``zone``: each person's own, or UTC where it is not known."""


@dataclass(frozen=True)
class Timing:
    """``delay`` is of AFTER_DELAY, ``at`` and ``zone`` (IANA, or :data:`OWN_ZONE`) are of TIME_OF_DAY."""

    when: SendWhen = SendWhen.IMMEDIATELY
    delay: timedelta = timedelta()
    at: time = time(9)
    zone: str = OWN_ZONE
