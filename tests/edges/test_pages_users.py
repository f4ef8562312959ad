"""People from their side: which systems they use, and whose a system is, said by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.monitoring.systems.flow import usage
from opulse.monitoring.systems.flow.systems import find_system, take_systems
from opulse.monitoring.systems.models import SystemEntry, SystemUser
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from tests.edges.console import Console, open_console, text_of
from tests.servers.installation import browse

ANNA = r"CORP\anna"


@pytest.fixture
async def ids(console: Console, clock: ManualClock) -> dict[str, str]:
    """GUIDs by name: Anna uses three systems, Bert one of them too."""
    before = clock.now() - timedelta(hours=3)
    anna = SystemUser(ANNA, "anna@example.org", "Anna", "Adler", department="Sales", last_logon=before)
    bert = SystemUser("bert", is_logged_on=True, is_primary=True)
    mine = SystemUser(ANNA, "anna@example.org", "Anna", "Adler", is_primary=True, is_logged_on=True)
    entries = [
        SystemEntry("LT-1", site="North", users=(mine,)),
        SystemEntry("KIOSK", users=(anna, bert)),
        SystemEntry("LT-2", users=(anna,)),
        SystemEntry("NOBODYS"),
    ]
    taken, _ = await take_systems(console.ports, console.tenant, entries)
    return {system.name: system.guid for system in taken}


async def primaries(console: Console, guid: str) -> list[str]:
    found = await find_system(console.ports, console.tenant, guid)
    assert found is not None
    return [user.user_id for user in found.users if user.is_primary]


async def test_users_are_found_by_id_address_and_name(console: Console, ids: dict[str, str]) -> None:
    seen = text_of((await console.viewer.get("/users")).text)
    assert r"Anna Adler CORP\anna anna@example.org Sales 3 1 now" in seen
    assert "bert bert – – 1 1 now" in seen
    for words in ("ADLER", "anna@", "corp", "na adl"):
        found = text_of((await console.viewer.get("/users", params={"search": words})).text)
        assert ("Anna Adler" in found, "bert" in found) == (True, False), words
    assert "No user found" in (await console.viewer.get("/users?search=100%25")).text


async def test_many_users_are_paged_by_id(console: Console) -> None:
    entries = [SystemEntry(f"PC-{n:03}", users=(SystemUser(f"user{n:03}"),)) for n in range(60)]
    await take_systems(console.ports, console.tenant, entries)
    first = text_of((await console.viewer.get("/users")).text)
    assert ("user049" in first, "user050" in first) == (True, False)
    second = text_of((await console.viewer.get("/users?after=user049")).text)
    assert ("user049" in second, "user050" in second, "user059" in second) == (False, True, True)


async def test_a_users_page_has_their_systems(console: Console, ids: dict[str, str]) -> None:
    page = await console.viewer.get("/users/of", params={"user": ANNA.upper()})
    seen = text_of(page.text)
    assert "LT-1 North Yes Yes –" in seen
    assert "LT-2 No No" in seen
    assert "3 hours ago" in seen
    assert "Make primary" not in seen  # a viewer changes nothing
    assert f"/systems/{ids['KIOSK']}" in page.text
    unknown = text_of((await console.viewer.get("/users/of", params={"user": "nobody"})).text)
    assert "No system now" in unknown


async def test_the_primary_user_is_set_by_hand_and_audited(console: Console, ids: dict[str, str]) -> None:
    kiosk = ids["KIOSK"]
    answer = await console.editor.post(f"/systems/{kiosk}/primary-user", data={"user": ANNA, "back": ANNA})
    assert answer.headers["location"] == "/users/of?user=CORP%5Canna"
    assert await primaries(console, kiosk) == [ANNA]
    trail = text_of((await console.admin.get("/admin/audit")).text)
    assert "KIOSK" in trail
    assert "bert" in trail
    await console.editor.post(f"/systems/{kiosk}/primary-user", data={"user": ""})
    assert await primaries(console, kiosk) == []

    answer = await console.editor.post(f"/systems/{kiosk}/primary-user", data={"user": "carla"})
    assert answer.headers["location"] == f"/systems/{kiosk}"
    assert await primaries(console, kiosk) == []
    refused = await console.viewer.post(f"/systems/{kiosk}/primary-user", data={"user": "bert"})
    assert refused.status_code == 403
    async with open_console(console.ports, "Other", "other.example") as other:
        answer = await other.editor.post(f"/systems/{kiosk}/primary-user", data={"user": "bert"})
        assert answer.status_code == 404
        assert "Anna" not in (await other.editor.get("/users")).text
    assert await primaries(console, kiosk) == []


async def test_who_was_primary_before_an_incident_stays_what_it_was(
    console: Console, ids: dict[str, str], clock: ManualClock
) -> None:
    began = clock.now()
    clock.advance(60)
    await usage.set_primary(console.ports, console.tenant, ids["KIOSK"], ANNA, "test")
    used = {one.system.name: one for one in await usage.list_used(console.ports, console.tenant, ANNA)}
    assert (used["KIOSK"].since - began, used["LT-1"].since) == (timedelta(seconds=60), began)


async def test_the_api_does_the_same(console: Console, ids: dict[str, str]) -> None:
    _, key = await issue_key(console.ports, console.tenant, KeyKind.INTEGRATION, "test", "test")
    async with browse(console.app, key) as api:
        listed = (await api.get("/api/v1/users", params={"limit": 1})).json()
        assert [one["user_id"] for one in listed["users"]] == ["bert"]
        assert listed["next"] == "bert"
        (anna,) = (await api.get("/api/v1/users", params={"after": "bert"})).json()["users"]
        assert (anna["systems"], anna["primary_on"], anna["logged_on_to"]) == (3, 1, 1)
        used = (await api.get("/api/v1/users/systems", params={"user": ANNA})).json()["systems"]
        assert [one["name"] for one in used] == ["KIOSK", "LT-1", "LT-2"]
        at_systrack = (await api.get("/api/systems/users", params={"user": ANNA})).json()
        assert [one["systemName"] for one in at_systrack["systems"]] == ["KIOSK", "LT-1", "LT-2"]

        address = f"/api/v1/systems/{ids['LT-2']}/primary-user"
        assert (await api.put(address, json={"user_id": ANNA})).status_code == 204
        assert await primaries(console, ids["LT-2"]) == [ANNA]
        refused = await api.put(address, json={"user_id": "carla"})
        assert (refused.status_code, refused.json()["reason"]) == (422, "no_such_user")
        assert (await api.put(address, json={"user_id": None})).status_code == 204
        assert await primaries(console, ids["LT-2"]) == []
        gone = await api.put("/api/v1/systems/none/primary-user", json={"user_id": ANNA})
        assert gone.status_code == 404
