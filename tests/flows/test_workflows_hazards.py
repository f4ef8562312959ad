"""The hazards of the guide (qualtrics-product.md 5.3), each through the real flows: event, task, change, mail row.

The frequency rules are switched off where a hazard is tested, so that they cannot hide it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.flow.alarms import clear_alarms
from opulse.experience.distributions.views import invitations
from tests.unit.experience.extensions.cloud import ACTIVATION, estate
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores

SECOND = "a0000000-0000-4000-8000-000000000002"
ONE_PER_ACTIVATION = {"kind": "one_per_activation"}


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.set_rules()
        await opened.people("p0", "p1", "p2", site="Oslo")
        await opened.receive()
        opened.cloud.systems = estate(3)
        yield opened


async def test_an_unrelated_later_edit_of_a_contact_mails_nobody(pulse: Pulse) -> None:
    await pulse.listen()
    await pulse.activate()
    assert (await pulse.contact("p0"))["embedded_data"]["lastAlarm"] == ["Application Hang", "Disk Full"]
    before = await pulse.rows(invitations)
    assert len(before) == 3

    await pulse.edit("p0", first_name="Renamed")
    await pulse.edit("p0", embedded_data={"site": "Lima", "department": "Sales"})
    await pulse.edit("p1", email="p1@new.example.org", language="DE")
    rows = [{"email": "p2@example.org", "last_name": "From HR", "embedded_data": {"cost_centre": "4711"}}]
    for raise_events in (False, True):
        body = {"contacts": rows, "mailing_list": pulse.list_id, "raise_events": raise_events}
        await pulse.api("POST", f"/directories/{pulse.directory}/contacts:bulk", body)
    await pulse.work()
    await pulse.wait(3600)

    assert await pulse.rows(invitations) == before
    assert len(await pulse.runs()) == 1
    assert {trace["why_not"] for trace in await pulse.traces() if not trace["matched"]} == {"unconcerned"}


async def test_the_end_of_an_alarm_mails_nobody(pulse: Pulse) -> None:
    await pulse.listen()
    await pulse.activate()
    before = await pulse.rows(invitations)
    pulse.clock.advance(86_400)
    assert await pulse.ports.db.write(clear_alarms, pulse.clock.now()) == 3
    await pulse.work()
    await pulse.edit("p0", first_name="Renamed")
    await pulse.work()
    assert await pulse.rows(invitations) == before
    assert "lastAlarm" not in (await pulse.contact("p0"))["embedded_data"]


@pytest.mark.parametrize(
    "saved",
    [
        {"lastSurvey": "${a://Field/lastAlarmActivationId}"},
        {"lastAlarm": ["Application Hang", "Disk Full", "asked"]},
        {"lastAlarm": "Application Hang, Disk Full"},
    ],
    ids=["another field", "the very field, as a list", "the very field, as a text"],
)
async def test_no_loop(pulse: Pulse, saved: dict[str, object]) -> None:
    """The distribute task saves data on the contacts that its own condition reads."""
    await pulse.listen(save_as="embedded_data", embedded_data=saved)
    await pulse.activate()
    for _ in range(5):
        await pulse.wait(60)
    assert (await pulse.contact("p0"))["embedded_data"].keys() >= saved.keys()
    assert await pulse.asked() == {"p0@example.org": 1, "p1@example.org": 1, "p2@example.org": 1}
    [run] = await pulse.runs()
    assert run["state"] == "succeeded"
    assert {trace["why_not"] for trace in await pulse.traces() if not trace["matched"]} == {"circle"}


async def test_no_loop_of_two_workflows_that_wake_each_other(pulse: Pulse) -> None:
    def reads(field: str) -> dict[str, object]:
        return {"items": [{"field": field, "operator": "is_not_empty"}]}

    await pulse.listen(
        "one", conditions=reads("lastAlarm"), embedded_data={"ping": "${a://Field/contacts}-1"}
    )
    await pulse.listen(
        "two",
        conditions=reads("ping"),
        embedded_data={"lastAlarm": ["again"]},
        subject="Something else",  # the same words would be screened as a duplicate
    )
    await pulse.activate()
    for _ in range(5):
        await pulse.wait(60)
    assert [len(await pulse.runs(name)) for name in ("one", "two")] == [1, 1]
    assert set((await pulse.asked()).values()) == {2}, "once by each of them"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("AD Password Expiration", "Azure AD Password Expiration"),
        ("Application Fault", "Frequent Application Faults"),
        ("Application Hang", "Critical Application Hang"),
        ("Paged Pool Leak", "Non-Paged Pool Leak"),
    ],
)
async def test_application_hang_does_not_match_critical_application_hang(
    pulse: Pulse, short: str, long: str
) -> None:
    """The four names of the catalogue that lie inside another one (systrack.md 5.4)."""
    await pulse.listen("short", [short])
    await pulse.listen("long", [long])
    await pulse.activate(sensors=[long])
    assert [len(await pulse.runs(name)) for name in ("short", "long")] == [0, 1]
    [trace] = await pulse.traces("short")
    assert (trace["matched"], trace["why_not"], trace["count"]) == (False, "", 3)
    assert trace["trace"]["items"][0]["current"] == [long]
    pulse.clock.advance(3600)
    await pulse.activate(SECOND, [short])
    assert [len(await pulse.runs(name)) for name in ("short", "long")] == [1, 1]


async def test_a_second_activation_with_the_same_sensors_does_ask_again(pulse: Pulse) -> None:
    await pulse.set_rules(ONE_PER_ACTIVATION)
    await pulse.listen()
    await pulse.activate()
    pulse.clock.advance(3600)
    await pulse.activate(SECOND)
    assert set((await pulse.asked(ACTIVATION)).values()) == {1}
    assert await pulse.asked(ACTIVATION) == await pulse.asked(SECOND)
    assert len(await pulse.asked(SECOND)) == 3


async def test_a_second_activation_is_subject_to_the_fatigue_rule(pulse: Pulse) -> None:
    await pulse.set_rules({"kind": "max_in_period", "limit": 1, "period_seconds": 86_400})
    await pulse.listen()
    await pulse.activate()
    pulse.clock.advance(3600)
    await pulse.activate(SECOND)
    assert len(await pulse.asked(ACTIVATION)) == 3
    assert await pulse.asked(SECOND) == {}
    assert await pulse.spared(SECOND) == {"fatigue_rule": 3}
    pulse.clock.advance(86_400)
    third = "a0000000-0000-4000-8000-000000000003"
    await pulse.activate(third)
    assert len(await pulse.asked(third)) == 3


async def test_the_same_activation_told_twice_asks_once(pulse: Pulse) -> None:
    await pulse.listen()
    await pulse.activate()
    await pulse.post(pulse.envelope(), 200)
    await pulse.post(pulse.envelope() | {"eventId": "told under another id"})
    await pulse.wait(3600)
    assert set((await pulse.asked()).values()) == {1}


async def test_two_surveys_whose_sensors_overlap_ask_a_person_once_per_activation(pulse: Pulse) -> None:
    await pulse.set_rules(ONE_PER_ACTIVATION)
    await pulse.listen("both", ["Application Hang", "Disk Full"])
    await pulse.listen("part", ["Disk Full"])
    await pulse.activate()
    assert set((await pulse.asked()).values()) == {1}
    assert await pulse.spared() == {"one_per_activation": 3}
