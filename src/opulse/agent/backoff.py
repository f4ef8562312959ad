"""How long to leave a server alone that did not answer."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 300.0
_MOST_DOUBLINGS = 10


class Backoff:
    """Waits 5 s, then twice as long after each failure, up to five minutes; each spread over half to whole of the time,
    so that a fleet does not come back in one instant."""

    def __init__(self) -> None:
        self._failures = 0
        self._not_before: datetime | None = None

    def may_try(self, now: datetime) -> bool:
        return self._not_before is None or now >= self._not_before

    def failed(self, now: datetime, at_least: float = 0.0) -> float:
        """Note a failure; the seconds until the next try. ``at_least`` is what the server asked for (``Retry-After``)."""
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(self._failures, _MOST_DOUBLINGS))
        spread = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads agents, guards nothing
        self._failures += 1
        return self._hold(now, max(spread, min(at_least, LONGEST_WAIT_SECONDS)))

    def rest(self, now: datetime) -> None:
        """Leave the server alone for the longest time: trying sooner cannot help."""
        self._hold(now, LONGEST_WAIT_SECONDS)

    def worked(self) -> None:
        self._failures, self._not_before = 0, None

    def _hold(self, now: datetime, seconds: float) -> float:
        self._not_before = now + timedelta(seconds=seconds)
        return seconds
