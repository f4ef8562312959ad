"""The sums of a large incident are made once for all who look, and again some seconds later."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from opulse.clock import ManualClock
from opulse.console.journey.flow import read_journey
from opulse.experience.distributions.views import distributions
from opulse.experience.surveys import recommended_pulse
from opulse.experience.surveys.flow import create_survey, publish_survey
from opulse.ports import Ports
from opulse.pulses.ledger import LedgerState, ledger
from opulse.pulses.ledger.rules import KEPT_AT_MOST, LARGE, kept_for
from tests.unit.experience.impact.incident import ACTIVATION, Incident, begin

pytestmark = pytest.mark.stores


async def incident_of(ports: Ports, clock: ManualClock, affected: int) -> Incident:
    incident = await begin(ports, clock, affected)
    await incident.fetching()
    await incident.contact(1)
    await incident.reached(0, 1)
    return incident


async def test_the_sums_of_a_large_incident_are_as_of_a_moment_ago(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opulse.pulses.ledger.rules.LARGE", 4)
    incident = await incident_of(ports, clock, 8)
    begun = clock.now()
    first = await ledger(ports, incident.tenant, ACTIVATION)
    await incident.invited(1, "accepted")
    clock.advance(1.9)
    again = await ledger(ports, incident.tenant, ACTIVATION)
    assert (again.at, again.states) == (begun, first.states)
    clock.advance(0.1)
    *others, last = await asyncio.gather(*(ledger(ports, incident.tenant, ACTIVATION) for _ in range(5)))
    assert last.at == clock.now()
    assert last.states[LedgerState.ACCEPTED] == 1
    assert sum(last.states.values()) == last.total == 8
    assert all(one is last for one in others), "five who came together wait for one sum"


async def test_who_goes_away_does_not_take_the_sums_of_others_along(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opulse.pulses.ledger.rules.LARGE", 4)
    incident = await incident_of(ports, clock, 8)
    await ledger(ports, incident.tenant, ACTIVATION)
    clock.advance(2)
    impatient, patient = (asyncio.create_task(ledger(ports, incident.tenant, ACTIVATION)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).at == clock.now()
    assert impatient.cancelled()


async def test_the_page_of_the_whole_way_takes_part(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opulse.pulses.ledger.rules.LARGE", 4)
    incident = await incident_of(ports, clock, 8)
    survey = await create_survey(ports, incident.tenant, "Pulse", recommended_pulse(), "test")
    await publish_survey(ports, incident.tenant, survey.id, "test")
    asks_by_it = update(distributions).values(survey=survey.id)
    await ports.db.write(lambda conn: conn.execute(asks_by_it) and None)
    first = (await read_journey(ports, incident.tenant, ACTIVATION)).ledger
    assert await ledger(ports, incident.tenant, ACTIVATION) is first
    assert (await read_journey(ports, incident.tenant, ACTIVATION)).ledger is first
    clock.advance(2)
    assert (await read_journey(ports, incident.tenant, ACTIVATION)).ledger.at == clock.now()


async def test_an_ordinary_incident_is_summed_for_everybody_anew(ports: Ports, clock: ManualClock) -> None:
    incident = await incident_of(ports, clock, 8)
    assert LedgerState.ACCEPTED not in (await ledger(ports, incident.tenant, ACTIVATION)).states
    await incident.invited(1, "accepted")
    assert (await ledger(ports, incident.tenant, ACTIVATION)).states[LedgerState.ACCEPTED] == 1


@pytest.mark.parametrize(
    ("total", "seconds"), [(0, 0), (LARGE - 1, 0), (LARGE, 1), (100_000, 5), (1_000_000, 15)]
)
def test_how_long_sums_are_shown(total: int, seconds: int) -> None:
    assert kept_for(total) == timedelta(seconds=seconds) <= KEPT_AT_MOST
