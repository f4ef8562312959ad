"""How many events and runs are admitted: events of the last minute, runs of the last day."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.workflows import views

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
COUNT_AGAIN = timedelta(seconds=5)


class Rate:
    """Events of the last minute, per tenant and process."""

    def __init__(self) -> None:
        self._times: dict[int, deque[datetime]] = {}

    def admits(self, tenant: int, limit: int, now: datetime) -> bool:
        times = self._times.setdefault(tenant, deque())
        while times and now - times[0] >= MINUTE:
            times.popleft()
        if len(times) >= limit:
            return False
        times.append(now)
        return True


@dataclass(frozen=True)
class _Counted:
    """``before`` runs were started in the day up to ``at``."""

    at: datetime
    before: int


class RunsOfTheDay:
    """Counts a tenant's runs of the last day without reading all of them for each event: only those since the last count.

    Runs that are a day old by now still count until then, so before anybody is refused all are counted again.
    """

    def __init__(self) -> None:
        self._counted: dict[int, _Counted] = {}

    def count_in(self, conn: Connection, tenant: int, limit: int, now: datetime) -> int:
        """Exact where it is ``limit`` or more; else at most a few seconds' runs too many."""
        counted = self._counted.get(tenant)
        if counted is not None and timedelta(0) <= now - counted.at < COUNT_AGAIN:
            used = counted.before + views.count_runs_since(conn, tenant, counted.at)
            if used < limit:
                return used
        before = views.count_runs_since(conn, tenant, now - DAY)
        since = views.count_runs_since(conn, tenant, now)
        self._counted[tenant] = _Counted(now, before - since)
        return before
