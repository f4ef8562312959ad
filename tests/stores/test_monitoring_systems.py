"""Systems in bulk, their users as of a time, tombstones, groups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.systems import views
from opulse.monitoring.systems.models import ALL_SYSTEMS, ALL_SYSTEMS_IDX, MOST_SYSTEMS
from opulse.tenancy.models import KeyKind
from tests.unit.monitoring.sensors.world import World, browse, open_world

pytestmark = pytest.mark.stores

ANNA = {"user_id": r"CORP\anna", "email": "anna@example.org", "is_primary": True, "is_logged_on": True}
BERT = {"user_id": r"CORP\bert", "email": "bert@example.org", "is_logged_on": True}


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def put(world: World, *lines: dict[str, Any]) -> dict[str, Any]:
    answer = await world.client.put("/api/v1/systems", json={"systems": list(lines)})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def users_at(world: World, system: str, at: datetime) -> list[str]:
    found = await world.ports.db.read(views.find_system, world.tenant, system)
    assert found is not None
    listed = await world.ports.db.read(views.list_users, world.tenant, found.idx, at)
    return [f"{user.email} {'on' if user.is_logged_on else 'off'}" for user in listed]


async def test_a_system_is_made_once_and_changed_after_that_by_name_or_id(world: World) -> None:
    first = await put(world, {"name": "LT-1", "fqdn": "lt-1.corp.example", "site": "North"})
    again = await put(world, {"name": "lt-1", "operating_system": "Debian 12"})
    guid = first["systems"][0]["system_id"]
    assert first["systems"] == [{"system_id": guid, "name": "LT-1", "created": True}]
    assert again["systems"] == [{"system_id": guid, "name": "lt-1", "created": False}]
    await put(world, {"system_id": guid.upper(), "name": "LT-1b"})
    shown = (await world.client.get(f"/api/v1/systems/{guid}")).json()
    assert (shown["name"], shown["fqdn"], shown["site"], shown["operating_system"]) == (
        "LT-1b",
        "lt-1.corp.example",
        "North",
        "Debian 12",
    )


async def test_two_thousand_systems_with_users_in_one_request(world: World) -> None:
    lines = [
        {"name": f"LT-{number:04}", "users": [{"user_id": f"u{number}", "email": f"u{number}@example.org"}]}
        for number in range(MOST_SYSTEMS)
    ]
    body = await put(world, *lines)
    assert (len(body["systems"]), body["refused"]) == (MOST_SYSTEMS, [])
    page = (await world.client.get("/api/v1/systems?limit=1000")).json()
    assert (page["total"], len(page["systems"]), page["systems"][7]["users"][0]["email"]) == (
        MOST_SYSTEMS,
        1000,
        "u7@example.org",
    )
    rest = (await world.client.get(f"/api/v1/systems?limit=1000&after={page['next']}")).json()
    assert (len(rest["systems"]), rest["next"]) == (1000, None)
    again = await put(world, *lines)
    assert not any(line["created"] for line in again["systems"])
    too_many = await world.client.put("/api/v1/systems", json={"systems": [*lines, {"name": "one more"}]})
    assert too_many.status_code == 422


async def test_requests_at_the_same_time_make_a_name_once_and_lose_no_member(world: World) -> None:
    bodies = await asyncio.gather(
        *(put(world, {"name": "LT-1"}, {"name": f"PC-{number}"}) for number in range(6))
    )
    assert sum(line["created"] for body in bodies for line in body["systems"]) == 7
    assert len({body["systems"][0]["system_id"] for body in bodies}) == 1
    everything = (await world.client.get("/api/v1/groups")).json()["groups"][0]
    assert everything["size"] == 7
    await world.evaluator.follow(world.tenant)
    assert world.evaluator.count(world.tenant, (), ALL_SYSTEMS_IDX).members == 7


async def test_members_put_in_at_the_same_time_are_all_there(world: World) -> None:
    ids = await world.put(*(f"PC-{number}" for number in range(6)))
    guid = await world.group("Sales")
    address = f"/api/v1/groups/{guid}/members"
    await asyncio.gather(*(world.client.put(address, json={"add": [one]}) for one in ids.values()))
    assert (await world.client.get(f"/api/v1/groups/{guid}")).json()["size"] == 6


async def test_lines_that_cannot_be_taken_are_refused_by_index(world: World) -> None:
    guids = ["11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"]
    await put(world, *({"system_id": guid, "name": "twin"} for guid in guids))
    body = await put(
        world,
        {"name": "twin"},
        {"system_id": "no guid", "name": "x"},
        {"name": "new"},
        {"name": "NEW"},
        {"system_id": guids[0], "name": "twin"},
    )
    assert body["refused"] == [
        {"index": 0, "reason": "ambiguous_name"},
        {"index": 1, "reason": "bad_id"},
        {"index": 3, "reason": "named_twice"},
    ]
    assert [line["name"] for line in body["systems"]] == ["new", "twin"]


async def test_who_was_logged_on_is_asked_as_of_a_time(world: World) -> None:
    system = (await put(world, {"name": "LT-1", "users": [ANNA]}))["systems"][0]["system_id"]
    start = world.clock.now()
    world.clock.advance(60)
    await put(world, {"name": "LT-1", "users": [ANNA | {"is_logged_on": False}, BERT]})
    handed_over = world.clock.now()
    world.clock.advance(60)
    await put(world, {"name": "LT-1", "users": [BERT]})
    world.clock.advance(60)
    await put(world, {"name": "LT-1", "site": "North"})
    assert await users_at(world, system, start) == ["anna@example.org on"]
    assert await users_at(world, system, handed_over) == ["anna@example.org off", "bert@example.org on"]
    assert await users_at(world, system, world.clock.now()) == ["bert@example.org on"]


async def test_two_reports_of_one_moment_leave_the_last_word(world: World) -> None:
    system = (await put(world, {"name": "LT-1", "users": [ANNA, BERT]}))["systems"][0]["system_id"]
    await put(world, {"name": "LT-1", "users": [ANNA | {"is_logged_on": False}]})
    await put(world, {"name": "LT-1", "users": [ANNA | {"user_id": r"corp\ANNA", "is_logged_on": False}]})
    assert await users_at(world, system, world.clock.now()) == ["anna@example.org off"]


async def test_a_deleted_system_is_gone_and_comes_back_as_itself(world: World) -> None:
    ids = await world.put("a", "b")
    guid = await world.group("G", ids["a"], ids["b"])
    assert (await world.client.delete(f"/api/v1/systems/{ids['a']}")).status_code == 204
    assert (await world.client.get(f"/api/v1/systems/{ids['a']}")).status_code == 404
    assert (await world.client.delete(f"/api/v1/systems/{ids['a']}")).status_code == 404
    assert (await world.client.get(f"/api/v1/groups/{guid}")).json()["size"] == 1
    stone = (await world.ports.db.read(views.list_systems_at, world.tenant, [1]))[0]
    assert (stone.name, stone.deleted) == ("a", True)
    back = await put(world, {"system_id": ids["a"], "name": "a"})
    assert back["systems"][0]["created"] is False
    assert (await world.ports.db.read(views.map_living, world.tenant, [ids["a"]])) == {ids["a"]: stone.idx}


async def test_a_search_finds_parts_of_names_and_takes_marks_literally(world: World) -> None:
    await put(world, {"name": "LT-100%", "fqdn": "one.corp"}, {"name": "LT-1000", "site": "North_Wing"})
    for search, found in (("100%", 1), ("lt-", 2), ("ONE.corp", 1), ("north_w", 1), ("zzz", 0)):
        body = (await world.client.get("/api/v1/systems", params={"search": search})).json()
        assert (search, body["total"], len(body["systems"])) == (search, found, found)


async def test_groups_are_made_changed_and_deleted(world: World) -> None:
    ids = await world.put("a", "b", "c")
    guid = await world.group("Sales", ids["a"])
    twin = await world.client.post("/api/v1/groups", json={"name": "SALES", "members": []})
    assert (twin.status_code, twin.json()["reason"]) == (409, "name_taken")
    wrong = await world.client.post("/api/v1/groups", json={"name": "X", "members": [ids["a"], "nobody"]})
    assert (wrong.status_code, wrong.json()["what"]) == (422, ["nobody"])
    body = {"name": "Sales North", "members": [ids["b"], ids["c"]]}
    assert (await world.client.put(f"/api/v1/groups/{guid}", json=body)).json()["size"] == 2
    shown = (await world.client.get(f"/api/v1/groups/{guid}?limit=1")).json()
    assert ([line["name"] for line in shown["members"]], shown["name"]) == (["b"], "Sales North")
    rest = (await world.client.get(f"/api/v1/groups/{guid}?limit=1&after={shown['next']}")).json()
    assert ([line["name"] for line in rest["members"]], rest["next"]) == (["c"], None)
    assert (await world.client.delete(f"/api/v1/groups/{guid}")).status_code == 204
    assert (await world.client.get(f"/api/v1/groups/{guid}")).status_code == 404
    names = [line["name"] for line in (await world.client.get("/api/v1/groups")).json()["groups"]]
    assert names == [ALL_SYSTEMS]
    assert await world.group("Sales North", ids["a"]) != guid, "a name is free again, a GUID is not"


async def test_all_systems_is_built_in(world: World) -> None:
    ids = await world.put("a", "b")
    everything = (await world.client.get("/api/v1/groups")).json()["groups"][0]
    assert (everything["name"], everything["kind"], everything["size"]) == (ALL_SYSTEMS, "all", 2)
    address = f"/api/v1/groups/{everything['group_id']}"
    assert (await world.client.delete(address)).json()["reason"] == "built_in"
    change = await world.client.put(f"{address}/members", json={"remove": [ids["a"]]})
    assert (change.status_code, change.json()["reason"]) == (409, "built_in")


async def test_another_tenants_ids_are_unknown(world: World, db: Database, clock: ManualClock) -> None:
    ids = await world.put("a")
    group = await world.group("Sales", ids["a"])
    async with open_world(db, clock, "Other") as other:
        for address in (f"systems/{ids['a']}", f"groups/{group}"):
            assert (await other.client.get(f"/api/v1/{address}")).status_code == 404
            assert (await other.client.delete(f"/api/v1/{address}")).status_code == 404
        body = {"name": "Theirs", "members": [ids["a"]]}
        assert (await other.client.post("/api/v1/groups", json=body)).status_code == 422
        assert (await other.put("a"))["a"] != ids["a"]


async def test_systracks_own_paths(world: World) -> None:
    made = await put(world, {"name": "LT-1", "fqdn": "lt-1.corp.example", "users": [ANNA]}, {"name": "LT-2"})
    guid = made["systems"][0]["system_id"]
    async with browse(world.app, await world.key(KeyKind.SYSTEMS)) as reader:
        groups = (await reader.get("/api/groups")).json()
        assert [(one["name"], one["systemCount"]) for one in groups["groups"]] == [(ALL_SYSTEMS, 2)]
        found = await reader.get("/api/systems", params={"$filter": "(fqdn eq 'LT-1.corp.example')"})
        assert [one["systemId"] for one in found.json()["systems"]] == [guid]
        assert (await reader.get("/api/systems", params={"$filter": "name eq 'x'"})).status_code == 400
        first = (await reader.get("/api/systems", params={"$top": 1})).json()
        second = (await reader.get(first["nextLink"].removeprefix("http://test"))).json()
        assert [one["systemName"] for one in first["systems"] + second["systems"]] == ["LT-1", "LT-2"]
        assert (first["totalCount"], second["nextLink"]) == (2, None)
        users = (await reader.get(f"/api/systems/{guid}/users")).json()["users"]
        assert [(one["userId"], one["email"], one["isPrimary"]) for one in users] == [
            (r"CORP\anna", "anna@example.org", True)
        ]
        assert (await reader.get("/api/systems/nobody/users")).status_code == 404
        assert (await reader.put("/api/v1/systems", json={"systems": []})).status_code == 403
