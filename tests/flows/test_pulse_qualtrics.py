"""The Operational Pulse task writes ``lastAlarm`` on contacts of a directory at Qualtrics: a stand-in over HTTP, with faults."""

from __future__ import annotations

import faulthandler
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.emulators.qualtrics import Options
from opulse.emulators.qualtrics.models import Criteria
from tests.unit.experience.extensions.bridge import EVERY_FAULT, Bridge, bridged
from tests.unit.experience.extensions.cloud import (
    ACTIVATION,
    estate,
    system,
    user,
)

pytestmark = pytest.mark.stores

NEXT = "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d11"


@pytest.fixture
async def bridge(db: Database, clock: ManualClock) -> AsyncIterator[Bridge]:
    async with bridged(db, clock) as made:
        yield made


async def test_the_alarm_is_written_as_text_and_the_rest_of_the_contact_stays(bridge: Bridge) -> None:
    by_reference = bridge.put(extRef="CORP\\ann", email="other@example.org", embeddedData={"site": "Oslo"})
    by_address = bridge.put(email="ben@example.org", firstName="Benjamin")
    both = bridge.put(email="cem@example.org"), bridge.put(extRef="corp\\CEM")
    stranger = bridge.put(email="dan@example.org")
    await bridge.receive()
    bridge.pulse.cloud.systems = [system(n, user(name)) for n, name in enumerate(("ann", "ben", "cem"))]
    run = await bridge.pulse.activate()
    await bridge.finish()
    assert by_reference.embedded == {
        "site": "Oslo",
        "lastAlarm": "Application Hang, Disk Full",
        "lastAlarmAt": bridge.pulse.clock.now().isoformat(),
        "lastAlarmActivationId": ACTIVATION,
    }
    assert (by_reference.email, by_address.first_name) == ("other@example.org", "Benjamin")
    assert bridge.alarmed() == [by_reference, by_address, both[1]], "the reference goes before the address"
    assert stranger.embedded == {}
    assert await bridge.tally() == {"at_qualtrics": 3}
    assert (await bridge.pulse.run(run))["state"] == "succeeded"


async def test_whoever_is_missing_is_imported_onto_the_list_once(bridge: Bridge) -> None:
    await bridge.receive()
    bridge.pulse.cloud.systems = [system(1, user("new")), system(2, user("new")), system(3)]
    await bridge.pulse.activate()
    await bridge.finish()
    [made] = bridge.alarmed()
    assert (made.email, made.ext_ref, made.first_name) == ("new@example.org", "CORP\\new", "New")
    assert list(bridge.brand.lists[bridge.brand.first_list].members) == [made.id]
    assert await bridge.tally() == {"at_qualtrics": 2, "no_user": 1}


async def test_nobody_is_made_where_the_pulse_makes_nobody_or_there_is_no_address(bridge: Bridge) -> None:
    await bridge.receive(create=False)
    bridge.pulse.cloud.systems = [system(1, user("new")), system(2, user("mute", email=None))]
    await bridge.pulse.activate()
    await bridge.finish()
    assert await bridge.tally() == {"no_contact": 1, "no_email": 1}
    assert bridge.brand.contacts == {}


async def test_the_same_sensors_a_second_time_change_the_contact_again(bridge: Bridge) -> None:
    """Weak point of the guide: the same lastAlarm is no change; its time and activation are."""
    ann = bridge.put(extRef="CORP\\ann", email="ann@example.org")
    await bridge.receive()
    bridge.pulse.cloud.systems = [system(1, user("ann"))]
    await bridge.pulse.activate()
    first = dict(ann.embedded)
    await bridge.pulse.wait(3600)
    await bridge.pulse.activate(NEXT)
    await bridge.finish()
    assert {name for name, text in ann.embedded.items() if first[name] != text} == {
        "lastAlarmAt",
        "lastAlarmActivationId",
    }


async def test_many_who_are_there_go_by_one_import(bridge: Bridge) -> None:
    for number in range(60):
        bridge.put(extRef=f"CORP\\p{number}", email=f"p{number}@example.org")
    moved = bridge.put(extRef="CORP\\p60", email="elsewhere@example.org")
    await bridge.receive()
    bridge.pulse.cloud.systems = estate(61)
    await bridge.pulse.activate()
    await bridge.finish()
    assert len(bridge.alarmed()) == 61 == len(bridge.brand.contacts)
    assert moved.email == "elsewhere@example.org", "an import would have made a second contact of it"
    assert await bridge.tally() == {"at_qualtrics": 61}


async def test_an_account_that_qualtrics_does_not_know_is_refused_in_words(bridge: Bridge) -> None:
    await bridge.account(qualtrics_client_id="", qualtrics_client_secret="", qualtrics_api_token="wrong")
    await bridge.receive()
    bridge.pulse.cloud.systems = estate(3)
    run = await bridge.pulse.activate()
    await bridge.finish()
    assert await bridge.tally() == {"qualtrics_refused": 3}
    assert "401" in (await bridge.pulse.run(run))["tasks"][0]["error"]


async def test_one_person_that_qualtrics_refuses_does_not_stop_the_rest(bridge: Bridge) -> None:
    await bridge.receive()
    bridge.pulse.cloud.systems = [system(1, user("good")), system(2, user("bad", email="bad@nowhere"))]
    await bridge.pulse.activate()
    await bridge.finish()
    assert await bridge.tally() == {"at_qualtrics": 1, "qualtrics_refused": 1}


async def test_nobody_is_made_in_a_directory_that_compares_nothing(db: Database, clock: ManualClock) -> None:
    async with bridged(db, clock, options=Options(Criteria(email=False, ext_ref=False))) as bridge:
        known = bridge.put(extRef="CORP\\p0", email="p0@example.org")
        await bridge.receive()
        bridge.pulse.cloud.systems = estate(2)
        run = await bridge.pulse.activate()
        await bridge.finish()
        assert await bridge.tally() == {"at_qualtrics": 1, "qualtrics_refused": 1}
        assert list(bridge.brand.contacts) == [known.id]
        assert "de-duplicate" in (await bridge.pulse.run(run))["tasks"][0]["error"]


async def test_what_qualtrics_never_takes_ends_after_an_hour(db: Database, clock: ManualClock) -> None:
    async with bridged(db, clock, "500=100%") as bridge:
        await bridge.receive()
        bridge.pulse.cloud.systems = estate(2)
        await bridge.pulse.activate()
        await bridge.pulse.wait(60)
        assert await bridge.tally() == {"to_qualtrics": 2}
        await bridge.pulse.wait(3600)
        assert await bridge.tally() == {"qualtrics_unclear": 2}


async def test_what_is_wrong_is_said_when_it_is_typed(bridge: Bridge) -> None:
    for changes, problem in (
        ({"qualtrics_list": "CG_short"}, "Qualtrics List ID is CG_"),
        ({"qualtrics_directory": ""}, "Qualtrics Directory ID is POOL_"),
        ({"directory_at": "here"}, "List ID is missing"),
    ):
        with pytest.raises(AssertionError, match=f"422 .*{problem}"):
            await bridge.receive(**changes)


class Died(Exception):
    """The process ended here."""


async def test_whoever_works_dies_at_every_point_and_everybody_is_there_once(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = ["qualtrics.looked", "qualtrics.importing", "qualtrics.imported", "qualtrics.written"]

    def die_once(name: str) -> None:
        if name in left:
            left.remove(name)
            raise Died(name)

    monkeypatch.setattr("opulse.observe.faults.point", die_once)
    for number in range(3):
        bridge.put(extRef=f"CORP\\p{number}", email=f"p{number}@example.org")
    await bridge.receive()
    bridge.pulse.cloud.systems = estate(40)
    await bridge.pulse.post(bridge.pulse.envelope())
    for _ in range(200):
        try:
            kind = await bridge.pulse.step()
        except Died:
            kind = ""
            bridge.pulse.clock.advance(31)  # the lease runs out; whoever comes next takes the job
        if not kind and not left and not await bridge.on_the_way():
            break
        bridge.pulse.clock.advance(3)
    bridge.brand.finish_imports()
    assert left == []
    assert len(bridge.alarmed()) == 40 == len(bridge.brand.contacts)
    assert await bridge.tally() == {"at_qualtrics": 40}


async def everybody_once(bridge: Bridge, people: int) -> None:
    """Half of them are there already; after it everybody is there once, with the alarm."""
    for number in range(0, people, 2):
        bridge.put(extRef=f"CORP\\p{number}", email=f"p{number}@example.org")
    await bridge.receive()
    bridge.pulse.cloud.systems = [*estate(people), system(people)]
    await bridge.pulse.activate()
    took = await bridge.finish()
    addresses = Counter(one.email for one in bridge.brand.contacts.values())
    told = f"{took} s of the test's clock, {dict(bridge.there.recorder.faults)}, {bridge.there.recorder.statuses}"
    assert (len(addresses), max(addresses.values())) == (people, 1), told
    assert len(bridge.alarmed()) == people, told
    assert await bridge.tally() == {"at_qualtrics": people, "no_user": 1}, told
    print(f"{people} people: {told}")  # noqa: T201  (the tally, for whoever runs it with -s)


async def test_every_fault_and_everybody_once(db: Database, clock: ManualClock) -> None:
    async with bridged(db, clock, EVERY_FAULT) as bridge:
        await everybody_once(bridge, 200)


@pytest.mark.long
async def test_every_fault_and_ten_thousand_once(db: Database, clock: ManualClock) -> None:
    faulthandler.dump_traceback_later(
        900, exit=True
    )  # seven minutes at a load of 18; pytest would end it after three
    async with bridged(db, clock, EVERY_FAULT) as bridge:
        await everybody_once(bridge, 10_000)
        assert set(bridge.there.recorder.faults) == {
            "slow",
            "429",
            "500",
            "duplicate",
            "reorder",
            "truncate",
            "expire-token",
        }
