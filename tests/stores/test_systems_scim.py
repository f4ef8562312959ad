"""SCIM 2.0 Users as RFC 7644 and Entra ID speak it: people are kept, and users of systems follow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.tenancy.models import KeyKind
from opulse.wire.scim import ENTERPRISE, ERROR, LIST, PATCH, USER
from tests.unit.monitoring.sensors.world import World, browse, open_world

pytestmark = pytest.mark.stores
USERS = "/scim/v2/Users"
ANNA = {
    "schemas": [USER, ENTERPRISE],
    "externalId": r"CORP\anna",
    "userName": "Anna@corp.example",
    "active": True,
    "displayName": "Anna Adler",
    "emails": [
        {"primary": False, "type": "home", "value": "home@example.org"},
        {"primary": True, "type": "work", "value": "anna@example.org"},
    ],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "Anna Adler", "familyName": "Adler", "givenName": "Anna"},
    "preferredLanguage": "de",
    "roles": [],
    ENTERPRISE: {"department": "Finance"},
}


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def create(world: World, **changed: Any) -> dict[str, Any]:
    answer = await world.client.post(USERS, json=ANNA | changed)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"].startswith("application/scim+json")
    body: dict[str, Any] = answer.json()
    assert answer.headers["location"] == body["meta"]["location"] == f"http://test{USERS}/{body['id']}"
    return body


async def patch(world: World, user: str, *operations: dict[str, Any]) -> dict[str, Any]:
    body = {"schemas": [PATCH], "Operations": operations}
    answer = await world.client.patch(f"{USERS}/{user}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(world: World, **asked: Any) -> dict[str, Any]:
    answer = await world.client.get(USERS, params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["schemas"] == [LIST]
    return body


async def user_of(world: World, system: str) -> dict[str, Any]:
    body = (await world.client.get("/api/v1/systems", params={"search": system})).json()
    found: dict[str, Any] = body["systems"][0]["users"][0]
    return found


def refusal(answer: httpx2.Response) -> tuple[int, str | None]:
    body = answer.json()
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(answer.status_code)
    assert body["detail"]
    return answer.status_code, body.get("scimType")


async def test_a_user_is_made_shown_found_and_deleted(world: World) -> None:
    made = await create(world)
    assert made["userName"] == "Anna@corp.example"
    assert made["name"] == {"givenName": "Anna", "familyName": "Adler"}
    assert made["emails"] == [{"value": "anna@example.org", "type": "work", "primary": True}]
    assert made[ENTERPRISE] == {"department": "Finance"}
    assert (await world.client.get(f"{USERS}/{made['id']}")).json() == made
    for asked in (
        'userName eq "anna@CORP.example"',
        r'externalId eq "CORP\\anna"',
        'emails.value eq "anna@example.org"',
        f'id eq "{made["id"]}"',
        f'{USER}:userName eq "anna@corp.example"',
    ):
        found = await listed(world, filter=asked)
        assert [one["id"] for one in found["Resources"]] == [made["id"]], asked
    assert (await listed(world, filter='userName eq "nobody"'))["totalResults"] == 0
    twin = await world.client.post(USERS, json=ANNA | {"userName": "ANNA@corp.example"})
    assert refusal(twin) == (409, "uniqueness")
    assert (await world.client.delete(f"{USERS}/{made['id']}")).status_code == 204
    for gone in (
        await world.client.delete(f"{USERS}/{made['id']}"),
        await world.client.get(f"{USERS}/{made['id']}"),
    ):
        assert refusal(gone) == (404, None)


async def test_users_of_systems_follow_their_person(world: World) -> None:
    await world.put("LT-1", users=[{"user_id": "anna@corp.example", "is_logged_on": True}])
    await world.put("LT-2", users=[{"user_id": r"corp\ANNA", "email": "old@example.org"}])
    group = await world.client.post(
        "/api/v1/groups", json={"name": "Sales", "rule": "user.department = sales"}
    )
    made = await create(world)
    for system in ("LT-1", "LT-2"):
        user = await user_of(world, system)
        assert (user["email"], user["first_name"], user["department"]) == (
            "anna@example.org",
            "Anna",
            "Finance",
        )
    assert (await user_of(world, "LT-1"))["is_logged_on"] is True
    await patch(world, made["id"], {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Sales"})
    found = await world.client.get(f"/api/v1/groups/{group.json()['group_id']}")
    assert found.json()["size"] == 2
    await patch(world, made["id"], {"op": "replace", "path": "active", "value": "False"})
    assert (await user_of(world, "LT-2"))["email"] == ""
    await world.put("LT-2", users=[{"user_id": r"corp\ANNA", "email": "old@example.org"}])
    assert (await user_of(world, "LT-2"))["email"] == "", "an agent that reports the user does not undo it"
    await patch(world, made["id"], {"op": "replace", "value": {"active": True}})
    assert (await user_of(world, "LT-2"))["email"] == "anna@example.org"
    assert (await world.client.delete(f"{USERS}/{made['id']}")).status_code == 204
    user = await user_of(world, "LT-1")
    assert (user["email"], user["first_name"]) == ("", "Anna")


async def test_put_replaces_and_patch_changes(world: World) -> None:
    made = await create(world)
    replaced = await world.client.put(f"{USERS}/{made['id']}", json={"schemas": [USER], "userName": "anna"})
    body = replaced.json()
    assert set(body) == {"schemas", "id", "userName", "active", "meta"}
    changed = await patch(
        world,
        made["id"],
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "new@example.org"},
        {"op": "Add", "path": "name.givenName", "value": "Anne"},
        {
            "op": "add",
            "value": {"name.familyName": "Ahorn", f"{ENTERPRISE}:department": "IT", "nickName": "x"},
        },
        {"op": "Replace", "path": "userName", "value": "anne"},
        {"op": "add", "path": "title", "value": "not kept"},
    )
    assert changed["emails"][0]["value"] == "new@example.org"
    assert (changed["name"], changed["userName"]) == ({"givenName": "Anne", "familyName": "Ahorn"}, "anne")
    assert changed[ENTERPRISE] == {"department": "IT"}
    emptied = await patch(
        world, made["id"], {"op": "remove", "path": "emails"}, {"op": "Remove", "path": "name"}
    )
    assert "emails" not in emptied
    assert "name" not in emptied
    await create(world, userName="other")
    taken = await world.client.put(f"{USERS}/{made['id']}", json=ANNA | {"userName": "OTHER"})
    assert refusal(taken) == (409, "uniqueness")


async def test_lists_are_paged_from_one(world: World) -> None:
    for number in range(5):
        await create(world, userName=f"u{number}", externalId="")
    page = await listed(world, startIndex=2, count=2)
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 2, 2)
    assert [one["userName"] for one in page["Resources"]] == ["u1", "u2"]
    assert (await listed(world, startIndex=0, count=-3))["Resources"] == []
    assert (await listed(world, startIndex=9))["Resources"] == []
    assert len((await listed(world, count=100_000))["Resources"]) == 5


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ([], "invalidSyntax"),
        ({}, "invalidValue"),
        ({"userName": " "}, "invalidValue"),
        ({"userName": 7}, "invalidValue"),
        ({"userName": "x" * 256}, "invalidValue"),
        ({"userName": "a\0b"}, "invalidValue"),
        ({"userName": "a", "active": "maybe"}, "invalidValue"),
    ],
)
async def test_a_user_that_does_not_fit_is_refused(world: World, body: Any, fault: str) -> None:
    assert refusal(await world.client.post(USERS, json=body)) == (400, fault)
    assert (await listed(world))["totalResults"] == 0


async def test_requests_that_nobody_can_read_are_refused(world: World) -> None:
    made = await create(world)
    address = f"{USERS}/{made['id']}"
    assert refusal(await world.client.post(USERS, content=b"{")) == (400, "invalidSyntax")
    assert refusal(await world.client.post(USERS, content=b" " * 100_001)) == (400, "invalidSyntax")
    for asked in ('userName sw "a"', "userName", 'password eq "x"', 'userName eq "a" and active eq true'):
        assert refusal(await world.client.get(USERS, params={"filter": asked})) == (400, "invalidFilter")
    for operations, fault in (
        ([], "invalidSyntax"),
        ([{"op": "move", "path": "userName"}], "invalidSyntax"),
        ([{"op": "remove"}], "invalidPath"),
        ([{"op": "replace", "path": "active", "value": "maybe"}], "invalidValue"),
        ([{"op": "remove", "path": "userName"}], "invalidValue"),
    ):
        answer = await world.client.patch(address, json={"schemas": [PATCH], "Operations": operations})
        assert refusal(answer) == (400, fault), operations
    assert (await world.client.get(address)).json() == made


async def test_what_a_client_asks_before_it_begins(world: World) -> None:
    config = (await world.client.get("/scim/v2/ServiceProviderConfig")).json()
    assert (config["patch"]["supported"], config["bulk"]["supported"], config["filter"]["maxResults"]) == (
        True,
        False,
        200,
    )
    types = (await world.client.get("/scim/v2/ResourceTypes")).json()
    assert [(one["endpoint"], one["schema"]) for one in types["Resources"]] == [("/Users", USER)]
    assert (await world.client.get("/scim/v2/ResourceTypes/User")).json() == types["Resources"][0]
    known = (await world.client.get("/scim/v2/Schemas")).json()
    assert [one["id"] for one in known["Resources"]] == [USER, ENTERPRISE]
    assert (await world.client.get(f"/scim/v2/Schemas/{USER}")).json() == known["Resources"][0]
    assert refusal(await world.client.get("/scim/v2/Schemas/none")) == (404, None)


async def test_only_an_integration_key_of_the_tenant_opens_it(
    world: World, db: Database, clock: ManualClock
) -> None:
    made = await create(world)
    async with browse(world.app, "wrong") as stranger:
        assert (await stranger.get(USERS)).status_code == 401
    async with browse(world.app, await world.key(KeyKind.SYSTEMS)) as reader:
        assert (await reader.get(USERS)).status_code == 403
    async with open_world(db, clock, "Other") as other:
        assert (await listed(other))["totalResults"] == 0
        assert refusal(await other.client.get(f"{USERS}/{made['id']}")) == (404, None)
        assert refusal(await other.client.delete(f"{USERS}/{made['id']}")) == (404, None)
        await create(other)
    key = world.client.headers["X-API-TOKEN"]
    bearer = {"Authorization": f"Bearer {key}"}
    transport = httpx2.ASGITransport(app=world.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=bearer) as client:
        assert (await client.get(USERS)).json()["totalResults"] == 1
