"""Who is logged on, and what the server knows of it already."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from opulse.agent.sources import READ_FAILURES
from opulse.wire.sensor_states import MAX_USERS, LoggedOnUser

TELL_AGAIN_SECONDS = 3600.0
"""An import may have overwritten what was told; so it is told once an hour though nothing changed."""

Look = Callable[[], Sequence[LoggedOnUser]]

log = logging.getLogger("opulse.agent")


class Attendance:
    """Told with a batch when it has changed, with every whole set, and once an hour."""

    def __init__(self, look: Look | None) -> None:
        """``look`` None: this agent does not say who is logged on."""
        self._look = look
        self._now: list[LoggedOnUser] | None = None
        self._told: list[LoggedOnUser] | None = None
        self._told_at: datetime | None = None

    def look(self) -> None:
        """Blocking. Where the system does not say it, nothing is told: not that nobody is there."""
        if self._look is None:
            return
        try:
            self._now = list(self._look())[:MAX_USERS]
        except READ_FAILURES as failure:
            self._now = None
            log.warning("who is logged on cannot be read: %s", failure)

    def is_due(self, now: datetime) -> bool:
        return self._now is not None and (self._now != self._told or self._is_old(now))

    def next(self, now: datetime, *, full: bool) -> list[LoggedOnUser] | None:
        """What the next batch says of it; None: nothing."""
        return self._now if full or self.is_due(now) else None

    def taken(self, said: list[LoggedOnUser] | None, now: datetime) -> None:
        """The server has taken a batch that said this."""
        if said is not None:
            self._told, self._told_at = said, now

    def _is_old(self, now: datetime) -> bool:
        return self._told_at is None or not 0 <= (now - self._told_at).total_seconds() < TELL_AGAIN_SECONDS
