"""The ledger as a metric: what a scrape tells of the incidents of now sums to their affected systems."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import update

from opulse.clock import ManualClock
from opulse.experience.distributions.views import invitations
from opulse.monitoring.activations.store.rows import activations
from opulse.ports import Ports
from opulse.pulses.ledger import LedgerMeter, LedgerState
from opulse.pulses.ledger.flow import metering
from opulse.pulses.ledger.flow.metering import EVERY, RECENT, sum_recent
from opulse.wire.affected import ActivationState
from tests.flows.test_ledger_shared import incident_of

pytestmark = pytest.mark.stores


def told() -> dict[str, float]:
    found = {
        state.value: REGISTRY.get_sample_value("opulse_ledger_systems", {"state": state.value})
        for state in LedgerState
    }
    return {state: value for state, value in found.items() if value}


async def test_a_scrape_tells_every_affected_system_in_its_state(ports: Ports, clock: ManualClock) -> None:
    incident = await incident_of(ports, clock, 8)
    await incident.invited(1, "accepted")
    meter = LedgerMeter(ports)
    await meter.measure()
    assert sum(told().values()) == 8
    assert told()["accepted"] == 1
    await incident.change(invitations, state="queued")
    await meter.measure()
    assert told()["accepted"] == 1, "as of a minute ago at most"
    clock.advance(EVERY.total_seconds())
    await meter.measure()
    assert "accepted" not in told()
    assert sum(told().values()) == 8


async def test_an_incident_that_is_over_for_a_day_is_told_no_more(ports: Ports, clock: ManualClock) -> None:
    await incident_of(ports, clock, 8)
    clock.advance((RECENT + timedelta(minutes=1)).total_seconds())
    assert sum((await sum_recent(ports)).values()) == 8, "it is still open"
    closed = update(activations).values(state=ActivationState.RESOLVED.value, closed_at=clock.now())
    await ports.db.write(lambda conn: conn.execute(closed).rowcount)
    assert await sum_recent(ports) == {}


async def test_an_incident_of_another_monitoring_is_known_by_its_run(
    ports: Ports, clock: ManualClock
) -> None:
    """As with a real SysTrack: there is no activation here, and its systems that were reached are counted."""
    incident = await incident_of(ports, clock, 8)
    await ports.db.write(lambda conn: conn.execute(activations.delete()).rowcount)
    assert sum((await sum_recent(ports)).values()) == 1
    assert incident.tenant


async def test_a_scraper_does_not_wait_for_a_slow_sum(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await incident_of(ports, clock, 8)
    gate, made = asyncio.Event(), metering.ledger

    async def slow(ports: Ports, tenant: int, activation: str) -> object:
        await gate.wait()
        return await made(ports, tenant, activation)

    monkeypatch.setattr(metering, "ledger", slow)
    monkeypatch.setattr(metering, "PATIENCE", 0.01)
    meter = LedgerMeter(ports)
    await meter.measure()
    gate.set()
    monkeypatch.setattr(metering, "PATIENCE", 20.0)
    await meter.measure()
    assert sum(told().values()) == 8
