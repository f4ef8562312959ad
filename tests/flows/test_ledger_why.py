"""Why was X not asked? One box, a person or a device, and the same answer as the ledger."""

from __future__ import annotations

import pytest

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.pulses.ledger import LedgerState, explain, ledger
from tests.unit.experience.impact.incident import ACTIVATION, Incident, begin, guid

pytestmark = pytest.mark.stores

S = LedgerState


async def states(incident: Incident) -> dict[LedgerState, int]:
    found = await ledger(incident.ports, incident.tenant, ACTIVATION)
    assert sum(found.states.values()) == found.total
    return dict(found.states)


async def test_the_best_invitation_of_a_person_counts_with_its_own_detail(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.fetching()
    await incident.contact(1)
    await incident.reached(0, 1)
    await incident.invited(1, "spared", "fatigue_rule", rule="FQ_zzz")
    await incident.invited(1, "refused", "mailbox_gone", relay_text="550 no such user")
    assert await states(incident) == {S.REFUSED: 1}
    [told] = await explain(ports, incident.tenant, ACTIVATION, "p1@")
    assert told.detail == "550 no such user"


@pytest.mark.parametrize(
    "words",
    ["p1@EXAMPLE", "corp\\p1", "CORP\\P", "first1 last", "Last1", "lt-0000", guid(0)[:13].upper(), " p1@ "],
)
async def test_one_box_finds_by_address_account_name_or_device(
    ports: Ports, clock: ManualClock, words: str
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.fetching()
    await incident.contact(1)
    await incident.reached(0, 1)
    await incident.invited(1)
    [found] = await explain(ports, incident.tenant, ACTIVATION, words)
    assert (found.system, found.person, found.state) == ("LT-0000", "p1@example.org", S.ACCEPTED)


@pytest.mark.parametrize("words", ["%", "_1@example", "p2@", "T-0000"])
async def test_the_box_finds_beginnings_and_nothing_else(
    ports: Ports, clock: ManualClock, words: str
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.fetching()
    await incident.contact(1)
    await incident.reached(0, 1)
    assert await explain(ports, incident.tenant, ACTIVATION, words) == []


async def test_no_more_rows_than_a_page_shows(ports: Ports, clock: ManualClock) -> None:
    incident = await begin(ports, clock, 60)
    await incident.fetching()
    for system in range(30):
        await incident.reached(system, 1, reason="no_contact")
    found = await explain(ports, incident.tenant, ACTIVATION, "lt-")
    assert len(found) == 50
    assert {one.state for one in found} == {S.NO_CONTACT, S.JOINED_LATER}
