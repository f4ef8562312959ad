"""The systems of a ledger, page by page: every one once, in the state in which the sum counts it; filters, files, readers."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.pulses.ledger import FileKind, LedgerState, SystemEnd, Wanted, ledger, ledger_table, list_systems
from opulse.pulses.ledger.flow import exporting, listing
from opulse.web.errors import NotFound
from tests.flows.test_ledger_why import busy
from tests.unit.experience.impact.incident import ACTIVATION, Incident, begin, guid

pytestmark = pytest.mark.stores

S = LedgerState


async def every(incident: Incident, wanted: Wanted, limit: int) -> list[SystemEnd]:
    """All pages, one behind the other."""
    found: list[SystemEnd] = []
    after = ""
    while True:
        page = await list_systems(incident.ports, incident.tenant, ACTIVATION, wanted, after, limit)
        assert len(page.found) <= limit
        found += page.found
        if not page.next:
            return found
        assert len(page.found) == limit, "only the last page may be short"
        after = page.next


async def table(incident: Incident, wanted: Wanted, kind: FileKind, *, names: bool = True) -> str:
    lines = await ledger_table(incident.ports, incident.tenant, ACTIVATION, wanted, kind, names=names)
    return "".join([line async for line in lines])


async def test_every_system_once_and_the_states_are_those_of_the_sum(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await busy(ports, clock)
    sums = (await ledger(ports, incident.tenant, ACTIVATION)).states
    for limit in (1, 7, 30, 39, 40, 100):
        found = await every(incident, Wanted(), limit)
        assert [one.system for one in found] == [guid(number) for number in range(40)]
        assert Counter(one.state for one in found) == sums


async def test_a_filter_shows_what_it_says_whatever_the_page(ports: Ports, clock: ManualClock) -> None:
    incident = await busy(ports, clock)
    whole = await every(incident, Wanted(), 100)
    states = {one.state for one in whole}
    assert len(states) > 3
    for state in S:
        expected = [one for one in whole if one.state is state]
        for limit in (1, 5, 100):
            assert await every(incident, Wanted(frozenset({state})), limit) == expected, state
    waves = {one.wave for one in whole}
    assert {0, 1, 3} <= waves
    for wave in [*waves, 9]:
        expected = [one for one in whole if one.wave == wave]
        assert await every(incident, Wanted(wave=wave), 3) == expected, wave
        both = Wanted(frozenset({S.ACCEPTED, S.NO_CONTACT, S.JOINED_LATER}), wave)
        assert await every(incident, both, 2) == [one for one in expected if one.state in both.states]


@pytest.mark.parametrize(
    ("words", "people", "systems"),
    [
        ("LT-000", False, range(10)),
        (guid(35), False, [35]),
        ("lt-003", True, range(30, 40)),
        ("p8@", True, [8, 28]),
        ("first8 last8", True, [8, 28]),
        ("p8@", False, []),
        ("%", True, []),
    ],
)
async def test_a_search_finds_devices_and_for_some_readers_people(
    ports: Ports,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    people: bool,
    systems: list[int],
) -> None:
    monkeypatch.setattr(listing, "SOUGHT", 3)
    incident = await busy(ports, clock)
    for limit in (1, 4, 50):
        found = await every(incident, Wanted(words=words, people=people), limit)
        assert [one.system for one in found] == [guid(number) for number in systems]
    some = Wanted(frozenset({S.NO_CONTACT, S.JOINED_LATER}), None, words, people)
    assert await every(incident, some, 2) == [one for one in found if one.state in some.states]


async def test_conditions_and_settling_give_the_rows_the_states_of_the_sum(
    ports: Ports, clock: ManualClock
) -> None:
    """Contacts without an invitation: nothing asked, did not match, a run that goes on and never ends."""
    incident = await begin(ports, clock, 5)
    await incident.fetching()
    for number in range(4):
        await incident.contact(number)
        await incident.reached(number, number)
    await incident.changed(1, traced=False)
    await incident.changed(2, traced=True, run="running")
    await incident.changed(3, traced=True, run="failed")
    await incident.close()
    for later in (timedelta(0), timedelta(hours=2)):
        clock.advance(later.total_seconds())
        sums = (await ledger(ports, incident.tenant, ACTIVATION)).states
        whole = await every(incident, Wanted(), 2)
        assert Counter(one.state for one in whole) == sums
        for state in (S.BEING_RESOLVED, S.RUN_FAILED, S.CONDITIONS_FALSE, S.NO_WORKFLOW):
            found = await every(incident, Wanted(frozenset({state})), 1)
            assert found == [one for one in whole if one.state is state], state
    assert S.BEING_RESOLVED not in sums and sums[S.RUN_FAILED] >= 2


async def test_a_shared_device_stands_there_once_with_its_best_person(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 1)
    await incident.fetching()
    for number, state in enumerate(("refused", "accepted", "queued")):
        await incident.contact(number)
        await incident.reached(0, number)
        await incident.invited(number, state)
    [found] = await every(incident, Wanted(), 10)
    assert (found.state, found.person, found.person_name) == (S.ACCEPTED, "p1@example.org", "First1 Last1")
    assert await every(incident, Wanted(frozenset({S.REFUSED})), 10) == []


async def test_two_fetching_runs_are_one_list(ports: Ports, clock: ManualClock) -> None:
    incident = await busy(ports, clock)
    from opulse.experience.workflows.views import task_runs

    row = {"run": "RUN_receive", "task": "again", "type": "operational_pulse", "output": {}}
    await incident.put(task_runs, id="TR_again", state="succeeded", **row)
    for system in (0, 3, 29, 33):
        await incident.reached(system, 50 + system, reason="no_contact", task_run="TR_again", wave=4)
    found = await every(incident, Wanted(), 3)
    # 33 has been heard of now, and stands before those that were not
    order = [*range(30), 33, *range(30, 33), *range(34, 40)]
    assert [one.system for one in found] == [guid(number) for number in order]


@pytest.mark.parametrize("at_once", [1, 7, 1_000])
async def test_the_files_hold_every_system_once(
    ports: Ports, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", at_once)
    incident = await busy(ports, clock)
    whole = await every(incident, Wanted(), 100)
    rows = list(csv.DictReader(io.StringIO(await table(incident, Wanted(), FileKind.CSV))))
    assert [(row["system"], row["state"], row["person"]) for row in rows] == [
        (one.system, one.state.value, one.person) for one in whole
    ]
    some = Wanted(frozenset({S.REFUSED, S.JOINED_LATER}))
    objects = [json.loads(line) for line in (await table(incident, some, FileKind.NDJSON)).splitlines()]
    assert [one["system"] for one in objects] == [one.system for one in whole if one.state in some.states]


async def test_a_file_keeps_formulas_as_text_and_people_from_those_who_may_not_see_them(
    ports: Ports, clock: ManualClock
) -> None:
    incident = await begin(ports, clock, 2)
    await incident.fetching()
    await incident.contact(0)
    await incident.reached(0, 0, system_name='=HYPERLINK("https://evil.example","x")')
    await incident.invited(0, "refused", "mailbox_gone", relay_text="550 p0@example.org is gone")
    named, plain = [await table(incident, Wanted(), FileKind.CSV, names=names) for names in (True, False)]
    assert "'=HYPERLINK" in named and "p0@example.org is gone" in named and "First0 Last0" in named
    assert "'=HYPERLINK" in plain
    assert not any(word in plain for word in ("p0@", "First0", "CID_0"))
    assert len(plain.splitlines()) == 3


async def test_what_is_not_there_is_said(ports: Ports, clock: ManualClock) -> None:
    incident = await begin(ports, clock, 1)
    with pytest.raises(NotFound):
        await list_systems(ports, incident.tenant, "nothing", Wanted(), "", 5)
    with pytest.raises(NotFound):
        await ledger_table(ports, incident.tenant, "nothing", Wanted(), FileKind.CSV, names=True)
    for place in ("outside:x", "elsewhere", "outside:-2", "outside:99999999999"):
        with pytest.raises(ValueError, match="not a place in a ledger"):
            await list_systems(ports, incident.tenant, ACTIVATION, Wanted(), place, 5)
    other = await list_systems(ports, incident.tenant, ACTIVATION, Wanted(), "", 5)
    assert len(other.found) == 1
    with pytest.raises(NotFound):
        await list_systems(ports, incident.tenant + 1, ACTIVATION, Wanted(), "", 5)


async def test_a_sum_that_does_not_hold_is_known(ports: Ports, clock: ManualClock) -> None:
    incident = await begin(ports, clock, 2)
    await incident.fetching()
    for system in range(3):
        await incident.reached(system, system, reason="no_contact")
    found = await ledger(ports, incident.tenant, ACTIVATION)
    assert (found.total, found.counted, found.unaccounted) == (3, 2, 1)
