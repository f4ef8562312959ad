"""The ledger as a metric: of the incidents of now, how many affected systems are in each state."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.experience.workflows.views import list_recent_activations
from opulse.monitoring.activations.views import list_activations
from opulse.observe import get_logger
from opulse.observe.metrics import LEDGER_SYSTEMS
from opulse.ports import Ports
from opulse.pulses.ledger.flow.shared import ledger
from opulse.pulses.ledger.models import LedgerState
from opulse.tenancy import list_tenants
from opulse.web.errors import NotFound
from opulse.wire.affected import ActivationState

log = get_logger("ledger")
RECENT = timedelta(hours=24)
EVERY = timedelta(seconds=60)
PATIENCE = 1.0  # seconds; a scraper does not wait for ever
MOST = 50
"""Incidents of a tenant, the newest: a storm of small ones shall not keep the processor from sending mail."""


class LedgerMeter:
    """One per process. Sums are made at most once a minute, beside the scrape that asked for them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._made_at: datetime | None = None
        self._making: asyncio.Task[None] | None = None

    async def measure(self) -> None:
        """Set ``opulse_ledger_systems``; where that takes long, the next scrape shows it."""
        now = self._ports.clock.now()
        idle = self._making is None or self._making.done()
        if idle and (self._made_at is None or now - self._made_at >= EVERY):
            self._made_at = now
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(_tell)
        if self._making is not None:
            await asyncio.wait([self._making], timeout=PATIENCE)

    async def _make(self) -> None:
        counts = await sum_recent(self._ports)
        for state in LedgerState:
            LEDGER_SYSTEMS.labels(state.value).set(counts.get(state, 0))


def _tell(made: asyncio.Task[None]) -> None:
    if not made.cancelled() and (error := made.exception()) is not None:
        log.warning("the ledgers could not be summed", error=f"{type(error).__name__}: {error}")


async def sum_recent(ports: Ports) -> Mapping[LedgerState, int]:
    """State → affected systems, over all tenants, of the incidents that are open or began in the last 24 hours."""
    summed: Counter[LedgerState] = Counter()
    for tenant, activation in await ports.db.read(_recent_in, ports.clock.now() - RECENT):
        try:
            made = await ledger(ports, tenant, activation)
        except NotFound:  # purged since it was listed
            continue
        summed.update(made.states)
    return summed


def _recent_in(conn: Connection, since: datetime) -> list[tuple[int, str]]:
    """(tenant, activation). Where the monitoring side is another product, its runs say which incidents there are."""
    found: list[tuple[int, str]] = []
    for tenant in list_tenants(conn):
        still_open = list_activations(conn, tenant.id, state=ActivationState.ACTIVE, limit=MOST)
        newest = [one for one in list_activations(conn, tenant.id, limit=MOST) if one.opened_at >= since]
        heard = list_recent_activations(conn, tenant.id, since, MOST)
        ids = dict.fromkeys([*(one.id for one in (*still_open, *newest)), *heard])
        found += [(tenant.id, one) for one in ids]
    return found
