"""Turn what waits into gauges."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from opulse.experience.distributions.models import DistributionState
from opulse.observe.metrics import DATABASE_UP, FROZEN, JOURNAL_BEHIND, MAIL_AGE, QUEUE_AGE, QUEUE_JOBS
from opulse.ports import Ports
from opulse.pulses.ledger import LedgerMeter
from opulse.pulses.watch import views
from opulse.pulses.watch.models import Queue, Waiting

PATIENCE = 2.0  # seconds; a scraper does not wait for ever
_KNOWN_TIMES = timedelta(days=365)


class Follows(Protocol):
    """What is asked of the evaluator."""

    frozen_until: datetime

    def position(self, tenant: int) -> int: ...


class Watch:
    """One per process. It remembers since when it has seen a queue's oldest job: most jobs carry no time of their own."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._ledgers = LedgerMeter(ports)
        self._seen: dict[str, tuple[int, datetime]] = {}  # queue → (oldest job, since when)

    async def measure(self, evaluator: Follows | None) -> Waiting | None:
        """Set the gauges to what is true now; None while the database does not answer. ``evaluator``: this process's, if any."""
        found = await self.look()
        DATABASE_UP.set(found is not None)
        if found is None:
            return None
        now = self._ports.clock.now()
        for queue in found.queues:
            self._set_queue(queue, now)
        for state in (DistributionState.RUNNING, DistributionState.PAUSED):
            since = found.mails.get(state.value)
            MAIL_AGE.labels(state.value).set((now - since).total_seconds() if since else 0)
        if evaluator is not None:
            JOURNAL_BEHIND.set(behind(found, evaluator))
            FROZEN.set(now < evaluator.frozen_until)
        await self._ledgers.measure()
        return found

    async def look(self) -> Waiting | None:
        """What waits; None when the database does not answer in time."""
        try:
            reading = self._ports.db.read(views.read_waiting, self._ports.clock.now())
            return await asyncio.wait_for(reading, PATIENCE)
        except (SQLAlchemyError, OSError):  # a timeout is an OSError
            return None

    def _set_queue(self, queue: Queue, now: datetime) -> None:
        known, since = self._seen.get(queue.name, (0, now))
        if known != queue.oldest:
            since = now
        self._seen[queue.name] = (queue.oldest, since)
        if queue.oldest and queue.oldest_run_at and now - queue.oldest_run_at < _KNOWN_TIMES:
            since = min(since, queue.oldest_run_at)
        QUEUE_AGE.labels(queue.name).set((now - since).total_seconds() if queue.oldest else 0)
        for state, count in (("due", queue.due), ("later", queue.later), ("dead", queue.dead)):
            QUEUE_JOBS.labels(queue.name, state).set(count)


def behind(found: Waiting, evaluator: Follows) -> int:
    """Journal records of all tenants that the evaluator has not applied."""
    return sum(max(0, newest - evaluator.position(tenant)) for tenant, newest in found.journal.items())
