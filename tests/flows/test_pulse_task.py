"""The Operational Pulse task against a real HTTP server: whom it asks, what it writes, and what slows or stops it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from tests.unit.experience.extensions.cloud import (
    ACTIVATION,
    CLIENT_ID,
    PASSWORD,
    USERNAME,
    estate,
    system,
    user,
)
from tests.unit.experience.extensions.pulse import SENSORS, Pulse, open_pulse

pytestmark = pytest.mark.stores


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        yield opened


async def test_the_alarm_is_written_on_the_contacts_of_the_affected(pulse: Pulse) -> None:
    await pulse.people("ann", "ben", "cem", site="Oslo")
    await pulse.receive()
    pulse.cloud.systems = [system(1, user("ann")), system(2, user("ben"))]
    run = await pulse.run(await pulse.activate())
    assert (run["state"], run["activation"]) == ("succeeded", ACTIVATION)
    assert run["tasks"][0]["output"] == {"systems": 2, "people": 2, "waves": 1}
    for name in ("ann", "ben"):
        assert (await pulse.contact(name))["embedded_data"] == {
            "site": "Oslo",
            "lastAlarm": list(SENSORS),
            "lastAlarmAt": pulse.clock.now().isoformat(),
            "lastAlarmActivationId": ACTIVATION,
        }
    assert (await pulse.contact("cem"))["embedded_data"] == {"site": "Oslo"}
    [mailing_list] = await pulse.api("GET", f"/directories/{pulse.directory}/mailing-lists")
    assert mailing_list["members"] == 2


async def test_it_signs_in_with_the_form_of_the_guide(pulse: Pulse) -> None:
    await pulse.receive()
    pulse.cloud.systems = estate(1)
    await pulse.activate()
    assert pulse.cloud.sign_ins() == [
        {
            "grant_type": "password",
            "response_type": "token",
            "client_id": CLIENT_ID,
            "username": USERNAME,
            "password": PASSWORD,
            "scope": f"openid {CLIENT_ID} offline_access",
        }
    ]
    assert [one.headers.get("authorization") for one in pulse.cloud.asked] == [None, "Bearer token-1"]


async def test_the_first_page_is_small_and_the_later_ones_are_large(pulse: Pulse) -> None:
    await pulse.receive()
    pulse.cloud.systems = estate(1_120)
    run = await pulse.run(await pulse.activate())
    assert pulse.cloud.pages() == [(50, 0), (1000, 50), (1000, 1050)]
    assert run["tasks"][0]["output"]["systems"] == 1_120
    assert pulse.cloud.issued == 1, "one token for all pages"


@pytest.mark.parametrize(("count", "pages"), [(0, [(50, 0)]), (50, [(50, 0)]), (51, [(50, 0), (1000, 50)])])
async def test_no_page_is_asked_for_that_is_not_there(
    pulse: Pulse, count: int, pages: list[tuple[int, int]]
) -> None:
    await pulse.receive()
    pulse.cloud.systems = estate(count)
    run = await pulse.run(await pulse.activate())
    assert pulse.cloud.pages() == pages
    assert run["tasks"][0]["output"]["systems"] == count


async def test_who_is_asked(pulse: Pulse) -> None:
    """Logged on; else primary; else the last within seven days; else nobody (spine.md 4)."""
    names = ("on1", "on2", "prim", "recent", "older", "gone", "twice")
    await pulse.people(*names)
    await pulse.receive()
    off = {"is_logged_on": False}
    pulse.cloud.systems = [
        system(1, user("on1"), user("on2"), user("prim", is_primary=True, **off)),
        system(2, user("prim", is_primary=True, **off), user("recent", **off)),
        system(
            3,
            user("older", last_logon="2026-11-18T12:00:00Z", **off),
            user("recent", last_logon="2026-11-22T12:00:00Z", **off),
        ),
        system(
            4, user("gone", last_logon="2026-11-16T11:59:59Z", **off), user("never", last_logon=None, **off)
        ),
        system(5),
        system(6, user("stranger")),
        system(7, user("noaddress", email=None)),
        system(8, user("twice"), user("TWICE")),
        system(9, user("twice")),
    ]
    await pulse.activate()
    assert await pulse.reached() == {
        ("LT-0001", "on1@example.org"): "reached",
        ("LT-0001", "on2@example.org"): "reached",
        ("LT-0002", "prim@example.org"): "reached",
        ("LT-0003", "recent@example.org"): "reached",
        ("LT-0004", ""): "no_user",
        ("LT-0005", ""): "no_user",
        ("LT-0006", "stranger@example.org"): "no_contact",
        ("LT-0007", "corp\\noaddress"): "no_email",
        ("LT-0008", "twice@example.org"): "reached",
        ("LT-0009", "twice@example.org"): "reached",
    }
    alarmed = {name for name in names if "lastAlarm" in (await pulse.contact(name))["embedded_data"]}
    assert alarmed == {"on1", "on2", "prim", "recent", "twice"}


@pytest.mark.parametrize(
    ("create", "reason", "contacts"), [("true", "reached", 1), ("false", "no_contact", 0)]
)
async def test_contacts_are_made_only_where_the_pulse_says_so(
    pulse: Pulse, create: str, reason: str, contacts: int
) -> None:
    await pulse.receive(form={"create_contacts": create})
    pulse.cloud.systems = [system(1, user("new"))]
    await pulse.activate()
    assert await pulse.reached() == {("LT-0001", "new@example.org"): reason}
    [directory] = await pulse.api("GET", "/directories")
    assert directory["contacts"] == contacts


async def test_users_are_asked_for_where_the_page_does_not_name_them(pulse: Pulse) -> None:
    await pulse.people("ann", "ben")
    await pulse.receive()
    bare = [system(1), system(2)]
    for one in bare:
        del one["users"]
    pulse.cloud.systems = bare
    pulse.cloud.users = {bare[0]["systemId"]: [user("ann")], bare[1]["systemId"]: [user("ben")]}
    await pulse.activate()
    assert set(await pulse.reached()) == {("LT-0001", "ann@example.org"), ("LT-0002", "ben@example.org")}


async def test_an_id_of_a_system_leads_to_no_other_place(pulse: Pulse) -> None:
    await pulse.receive()
    odd = {"systemId": "../../../evil?x=#", "systemName": "odd"}
    pulse.cloud.systems = [odd]
    await pulse.activate()
    assert any("/api/systems/..%2F..%2F..%2Fevil%3Fx%3D%23/users" in one.line for one in pulse.cloud.asked)


async def test_a_token_that_is_refused_is_replaced_once(pulse: Pulse) -> None:
    await pulse.receive()
    pulse.cloud.systems = estate(60)
    await pulse.activate()
    pulse.cloud.valid.clear()
    before = len(pulse.cloud.asked)
    run = await pulse.run(await pulse.activate("a0000000-0000-4000-8000-000000000002"))
    assert run["state"] == "succeeded"
    assert [one.line.split(" ")[0] for one in pulse.cloud.asked[before:]] == ["GET", "POST", "GET", "GET"]


async def test_a_token_is_renewed_before_it_ends(pulse: Pulse) -> None:
    await pulse.receive()
    pulse.cloud.systems = estate(1)
    await pulse.activate()
    pulse.clock.advance(3600 - 62)
    await pulse.activate("a0000000-0000-4000-8000-000000000002")
    assert pulse.cloud.issued == 1
    pulse.clock.advance(5)
    await pulse.activate("a0000000-0000-4000-8000-000000000003")
    assert pulse.cloud.issued == 2


async def test_a_kept_token_is_no_way_in_for_a_wrong_password(pulse: Pulse) -> None:
    await pulse.receive()
    pulse.cloud.systems = estate(1)
    await pulse.activate()
    wrong = {"name": "Wrong", "fields": {"api_token": "guess", "systrack_api_account": USERNAME}}
    pulse.account = (await pulse.api("POST", "/extensions/operational_pulse/accounts", wrong, 201))["id"]
    await pulse.receive()
    run = await pulse.run(await pulse.activate("a0000000-0000-4000-8000-000000000002"))
    assert run["state"] == "failed"
    assert "access_denied" in run["tasks"][0]["error"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"sensorNames": []}, "Sensor Names is empty"),
        ({"sensorNames": None}, "Sensor Names is empty"),
        ({"systemsAtActivationURL": None}, "Systems URL is not an address"),
        ({"systemsAtActivationURL": "ftp://x/"}, "Systems URL is not an address"),
        ({"systemsAtActivationURL": "https://[bad"}, "is not an address"),
        ({"systemsAtActivationURL": "https://host:99999/"}, "is not an address"),
    ],
)
async def test_an_event_that_cannot_be_followed_says_what_to_mend(
    pulse: Pulse, data: dict[str, Any], words: str
) -> None:
    await pulse.receive()
    run = await pulse.run(await pulse.activate(**data))
    assert run["state"] == "failed"
    assert words in run["tasks"][0]["error"]
    assert pulse.cloud.asked == []


async def test_sensor_names_may_come_as_one_text(pulse: Pulse) -> None:
    await pulse.people("p0")
    await pulse.receive()
    pulse.cloud.systems = estate(1)
    await pulse.activate(sensorNames="Application Hang, Disk Full")
    assert (await pulse.contact("p0"))["embedded_data"]["lastAlarm"] == list(SENSORS)


async def test_the_authenticated_answer_says_which_activation_it_is(pulse: Pulse) -> None:
    """Whoever posts to an open address may claim any id; rows and contacts carry the one that the API answered."""
    await pulse.people("p0")
    await pulse.receive()
    pulse.cloud.systems = estate(1)
    result = await pulse.post(pulse.envelope() | {"eventId": "claimed"})
    await pulse.work()
    assert (await pulse.run(result["runId"]))["activation"] == ACTIVATION
    assert (await pulse.contact("p0"))["embedded_data"]["lastAlarmActivationId"] == ACTIVATION
