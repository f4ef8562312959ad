"""Why was X not asked? One box, a person or a device, and the same answer as the ledger."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, select

from opulse.clock import ManualClock
from opulse.experience.directory.store import searching
from opulse.ports import Ports
from opulse.pulses.ledger import LedgerState, explain, ledger
from opulse.pulses.ledger.models import ORDER
from opulse.pulses.ledger.views import found, list_reaching_tasks, ranked_rows
from opulse.pulses.ledger.views.conditions import unasked_of
from opulse.pulses.ledger.views.rows import reach_of
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


async def busy(ports: Ports, clock: ManualClock) -> Incident:
    """40 affected: 30 reached, every third without a contact; people on two systems, in two waves, with two invitations."""
    incident = await begin(ports, clock, 40)
    await incident.fetching()
    for number in range(20):
        await incident.contact(number)
        await incident.invited(number, ["accepted", "refused", "queued"][number % 3])
    await incident.invited(7, "spared", "fatigue_rule", rule="FQ_zzz")
    for system in range(30):
        await incident.reached(system, system % 20, reason="reached" if system % 3 else "no_contact")
    for system in range(5):  # a third wave finds the contacts of some, and shares a device
        await incident.reached(system, system + 20, reason="no_contact", wave=3)
        await incident.reached(system + 1, system + 10, wave=3)
    return incident


WORDS = [
    "p1",
    "p7@",
    "corp\\p1",
    "first1",
    "first7 last7",
    "last",
    "lt-",
    "lt-002",
    "lt-0035",
    "00000000-",
    "zz",
]


@pytest.mark.parametrize("few", [0, 3, 2_000])
async def test_the_few_that_are_found_have_the_states_that_they_have_among_all(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(searching, "FEW", few)
    incident = await busy(ports, clock)
    for words in WORDS:
        told = await explain(ports, incident.tenant, ACTIVATION, words)
        among_all = await ports.db.read(_explained_among_all, incident, words)
        seen = [(one.system, one.person, one.state, one.wave) for one in told if one.person]
        assert sorted(seen) == sorted(among_all), words


def _explained_among_all(
    conn: Connection, incident: Incident, words: str
) -> list[tuple[str, str, LedgerState, int]]:
    """The same from the ranked rows of the whole activation, sought through one by one."""
    tenant, now = incident.tenant, incident.clock.now()
    best: dict[tuple[str, str], tuple[int, int, str, str]] = {}
    unasked = unasked_of(conn, tenant, ACTIVATION, S.CONDITIONS_FALSE)
    for row in conn.execute(ranked_rows(conn, tenant, ACTIVATION, now, unasked)):
        key, mine = (row.system, row.person), (row.rank, row.wave, row.system_name, row.contact)
        best[key] = min(mine, best.get(key, mine))
    kept = []
    for (system, person), (rank, wave, name, contact) in best.items():
        number = contact.removeprefix("CID_")
        names = [f"first{number} last{number}", f"last{number}", f"corp\\p{number}", f"p{number}@example.org"]
        known = [name.lower(), system, person, *(names if contact else [])]
        if any(one.startswith(words) for one in known):
            kept.append((name, person, ORDER[rank], wave))
    return kept


async def test_states_are_derived_for_what_was_found_and_not_for_the_rest(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await busy(ports, clock)

    def count(conn: Connection, words: str) -> tuple[list[str], int, int]:
        systems = found.find_systems(conn, incident.tenant, ACTIVATION, words, 50)
        task_runs = list_reaching_tasks(conn, incident.tenant, ACTIVATION)
        some = found.rows_of_systems(conn, incident.tenant, ACTIVATION, task_runs, systems)
        every = reach_of(incident.tenant, ACTIVATION).subquery()
        read, there = (
            conn.execute(select(func.count()).select_from(rows)).scalar_one() for rows in (some, every)
        )
        return systems, read, there

    # person 8 is on systems 8 and 28, and no third
    assert await ports.db.read(count, "lt-0028") == ([guid(28)], 2, 40)


async def test_devices_nobody_has_heard_of_are_found_behind_a_page_of_others(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opulse.monitoring.activations.views.PAGE", 7)
    incident = await busy(ports, clock)
    told = await explain(ports, incident.tenant, ACTIVATION, "LT-00")
    unheard = [one for one in told if not one.person]
    assert [one.system for one in unheard] == [f"LT-{number:04d}" for number in range(30, 40)]
    by_guid = await explain(ports, incident.tenant, ACTIVATION, guid(35).upper())
    assert [one.system for one in by_guid] == ["LT-0035"]
