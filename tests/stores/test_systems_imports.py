"""Files of systems and people, in each form: taken in steps, matched, mapped, refused by line, gone on with after a crash."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from sqlalchemy import select

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.jobs import Job
from opulse.jobs.table import jobs
from opulse.monitoring.systems.flow.importing import Wanted, receive_file, take_file, taking
from opulse.monitoring.systems.jobs import HANDLERS
from opulse.monitoring.systems.models import IMPORT_RECEIVED, FileFormat, FileUnreadable, ImportKind
from tests.unit.monitoring.sensors.world import World, open_world

pytestmark = pytest.mark.stores
IMPORTS = "/api/v1/systems/imports"
GUID = "0b7a2c52-9a3e-4a51-8f53-0c7f6f2f7a01"

DEVICES_PAGE = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#deviceManagement/managedDevices",
    "@odata.count": 2,
    "@odata.nextLink": "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?$skiptoken=x",
    "value": [
        {
            "id": "705c034c-034c-705c-4c03-5c704c035c70",
            "userId": "87d468b1-68b1-87d4-b168-d487b168d487",
            "deviceName": "LT-7",
            "managedDeviceOwnerType": "company",
            "lastSyncDateTime": "2026-11-20T00:02:49.205729-08:00",
            "operatingSystem": "Windows",
            "osVersion": "10.0.26100",
            "emailAddress": "anna@example.org",
            "userPrincipalName": "anna@corp.example",
            "userDisplayName": "Anna Adler",
            "serialNumber": "S-7",
            "deviceActionResults": [],
        },
        {"id": "2", "deviceName": "LT-8", "userPrincipalName": "", "serialNumber": None},
    ],
}
USERS_PAGE = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users",
    "value": [
        {
            "businessPhones": [],
            "displayName": "Anna Adler",
            "givenName": "Anna",
            "mail": "anna@example.org",
            "surname": "Adler",
            "userPrincipalName": "anna@corp.example",
            "department": "Finance",
            "accountEnabled": True,
            "preferredLanguage": "de",
            "onPremisesSamAccountName": "anna",
        },
        {"displayName": "Gone", "userPrincipalName": "gone@corp.example", "accountEnabled": False},
        {"displayName": "No name at all"},
    ],
}
LDIF = """\
version: 1
# computers of Active Directory, as ldifde and ldapsearch export them
dn: CN=LT-9,OU=Computers,DC=corp,DC=example
objectClass: top
objectClass: computer
cn: LT-9
dNSHostName: lt-9.corp.
 example
operatingSystem: Windows 11
 Enterprise
location:: WsO8cmljaA==
objectSid:: AQUAAAAAAAUVAAAA////

dn: CN=LT-10,OU=Computers,DC=corp,DC=example
changetype: delete

dn: OU=Computers,DC=corp,DC=example
objectClass: organizationalUnit
"""


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def send(world: World, body: str | bytes, **asked: Any) -> dict[str, Any]:
    """Send a file, take it, and say what became of it."""
    answer = await world.client.post(IMPORTS, content=body, params=asked)
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert made["state"] == "running"
    job = Job(1, world.tenant, IMPORT_RECEIVED, {"import": made["id"]}, 1, world.clock.now(), "test")
    await HANDLERS[IMPORT_RECEIVED](world.ports, job)
    await world.evaluator.follow(world.tenant)
    done: dict[str, Any] = (await world.client.get(f"{IMPORTS}/{made['id']}")).json()
    assert (done["state"], done["steps_done"]) == ("done", done["steps"])
    return done


async def refused(world: World, one: dict[str, Any]) -> list[tuple[int, str, str]]:
    rows = (await world.client.get(f"{IMPORTS}/{one['id']}/refused")).json()
    return [(row["line"], row["who"], row["reason"]) for row in rows]


async def systems(world: World) -> dict[str, dict[str, Any]]:
    body = (await world.client.get("/api/v1/systems", params={"limit": 1000})).json()
    return {one["name"]: one for one in body["systems"]}


async def test_a_table_with_a_row_per_user(world: World) -> None:
    table = (
        "System Name,Serial Number,OS,Site,User Id,E-mail,Primary,attributes.ring\r\n"
        'LT-1,S1,Windows 11,North,anna,anna@example.org,yes,"early, late"\r\n'
        "LT-1,S1,,,bert,bert@example.org,no,\r\n"
        "\r\n"
        "LT-2,,,,,,,\r\n"
    )
    done = await send(world, b"\xef\xbb\xbf" + table.encode())
    assert (done["rows"], done["created"], done["refused"]) == (2, 2, 0)
    one = (await systems(world))["LT-1"]
    assert (one["serial"], one["site"], one["attributes"]) == ("S1", "North", {"ring": "early, late"})
    users = {user["user_id"]: (user["email"], user["is_primary"]) for user in one["users"]}
    assert users == {"anna": ("anna@example.org", True), "bert": ("bert@example.org", False)}
    again = await send(world, table)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)


async def test_known_systems_are_found_by_id_serial_and_name_and_keep_what_a_row_leaves_empty(
    world: World,
) -> None:
    await world.put(
        "a", serial="S1", site="North", attributes={"x": "1"}, users=[{"user_id": "anna", "email": "a@b.c"}]
    )
    ids = await world.put("b")
    table = f"system_id;serial;name;site;attributes.y;user\n;s1;renamed;;2;carl\n{ids['b'].upper()};S2;;South;;\n;;B;East;;\n"
    done = await send(world, table)
    assert (done["created"], done["updated"]) == (0, 3), await refused(world, done)
    found = await systems(world)
    assert set(found) == {"renamed", "B"}
    assert (found["renamed"]["site"], found["renamed"]["attributes"]) == ("North", {"x": "1", "y": "2"})
    assert [user["user_id"] for user in found["renamed"]["users"]] == ["anna", "carl"]
    assert (found["B"]["site"], found["B"]["serial"]) == ("East", "S2")


async def test_bad_rows_are_told_by_line_and_can_be_downloaded(world: World) -> None:
    await world.put("twin", system_id=GUID)
    await world.put("twin", system_id=GUID.replace("0b7a", "1b7a"))
    table = (
        "system_id,name,email,last_logon,site\n"
        "x,LT-1,,,\n"
        ",,,,North\n"
        ",LT-2,nobody,,\n"
        ',"LT-3",,yesterday,\n'
        ",twin,,,\n"
        f",{'x' * 256},,,\n"
        ",=cmd,nobody,,\n"
        ",LT-4,a@b.example,2026-01-31T12:00:00Z,\n"
    )
    done = await send(world, table)
    assert (done["rows"], done["created"], done["refused"]) == (8, 1, 7)
    told = await refused(world, done)
    assert [line for line, _, _ in told] == [2, 3, 4, 5, 6, 7, 8]
    for (_, who, why), (named, said) in zip(
        told,
        [("x", "no GUID"), ("North", "nothing says which"), ("LT-2", "no e-mail"), ("LT-3", "no time as"),
         ("twin", "several systems"), ("xxx", "longer than 255"), ("=cmd", "no e-mail")],
        strict=True,
    ):  # fmt: skip
        assert who.startswith(named)
        assert said in why or "is not an e-mail" in why
    table = await world.client.get(f"{IMPORTS}/{done['id']}/refused.csv")
    assert table.headers["content-disposition"].startswith("attachment")
    lines = table.text.splitlines()
    assert (lines[0], len(lines)) == ("line,who,reason", 8)
    assert lines[7].startswith("8,'=cmd,")


async def test_columns_go_where_the_mapping_says(world: World) -> None:
    table = "Hostname,Ring,Owner\nLT-1,early,anna@example.org\n"
    maps = ["name=hostname", "attributes.My ring=Ring", "user.email=OWNER"]
    done = await send(world, table, map=maps)
    assert done["fields"]["attributes.My ring"] == "Ring"
    one = (await systems(world))["LT-1"]
    assert (one["attributes"], one["users"][0]["email"]) == ({"My ring": "early"}, "anna@example.org")
    for wrong, said in (
        (["name=Host"], "no column Host"),
        (["nam=Hostname"], "known are system_id"),
        (["site=Ring"], "Map a field to system_id or serial or name"),
        (["name"], "map=target=field"),
    ):
        answer = await world.client.post(IMPORTS, content=table, params={"map": wrong})
        assert answer.status_code == 422
        assert said in answer.json()["detail"]


async def test_files_that_are_none_leave_nothing(world: World) -> None:
    for form, body in (
        ("csv", b""),
        ("csv", b"name\n"),
        ("csv", b"colour,shape\nred,round\n"),
        ("csv", b"name,NAME\na,b\n"),
        ("csv", "name\nü".encode("utf-16")),
        ("csv", b"name," + b"x" * 70_000),
        ("json", b'{"value": ['),
        ("json", b"[1, 2]"),
        ("json", b"name,serial\na,b\n"),
        ("json", b'[{"name": "' + b"x" * 1_100_000),
        ("ndjson", b"\n\n"),
        ("ldif", b""),
    ):
        answer = await world.client.post(IMPORTS, content=body, params={"format": form})
        assert answer.status_code == 422, (form, body[:40])
    waiting = await world.ports.db.read(lambda conn: conn.execute(select(jobs.c.kind)).scalars().all())
    assert IMPORT_RECEIVED not in waiting
    assert await systems(world) == {}


async def test_microsoft_graph_pages_of_devices(world: World) -> None:
    pages = json.dumps(DEVICES_PAGE, indent=1) + "\n" + json.dumps({"value": [{"deviceName": "LT-11"}]})
    done = await send(world, pages, format="json")
    assert (done["created"], done["refused"]) == (3, 0), await refused(world, done)
    found = await systems(world)
    assert set(found) == {"LT-7", "LT-8", "LT-11"}
    assert (found["LT-7"]["serial"], found["LT-7"]["operating_system"]) == ("S-7", "Windows")
    user = found["LT-7"]["users"][0]
    assert (user["user_id"], user["email"], user["is_primary"]) == (
        "anna@corp.example",
        "anna@example.org",
        True,
    )
    assert found["LT-8"]["users"] == []
    lines = "\n".join(json.dumps(one) for one in DEVICES_PAGE["value"])
    again = await send(world, lines + "\n{bad\n[]\n", format="ndjson")
    assert (again["unchanged"], [line for line, _, _ in await refused(world, again)]) == (2, [3, 4])


async def test_people_of_a_directory_name_the_users_of_systems(world: World) -> None:
    await world.put(
        "LT-7",
        users=[
            {"user_id": "ANNA@corp.example", "is_primary": True},
            {"user_id": "gone@corp.example", "email": "g@x.y"},
        ],
    )
    group = {"name": "Finance", "rule": "primaryUser.department = finance"}
    made = (await world.client.post("/api/v1/groups", json=group)).json()
    assert made["size"] == 0
    done = await send(world, json.dumps(USERS_PAGE), kind="people", format="json")
    assert (done["created"], [line for line, _, _ in await refused(world, done)]) == (2, [3])
    anna, gone = (await systems(world))["LT-7"]["users"]
    assert (anna["email"], anna["first_name"], anna["department"], anna["language"], anna["is_primary"]) == (
        "anna@example.org",
        "Anna",
        "Finance",
        "de",
        True,
    )
    assert gone["email"] == "", "whoever is not active any more is not asked"
    assert (await world.client.get(f"/api/v1/groups/{made['group_id']}")).json()["size"] == 1
    await world.put("LT-8", users=[{"user_id": "anna"}])
    assert (await systems(world))["LT-8"]["users"][0]["email"] == "anna@example.org", "by the account as well"
    again = await send(world, json.dumps(USERS_PAGE), kind="people", format="json")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)


async def test_ldif_of_computers_and_people(world: World) -> None:
    done = await send(world, LDIF.replace("\n", "\r\n"), format="ldif")
    assert (done["created"], done["rows"]) == (1, 3)
    told = await refused(world, done)
    assert [line for line, _, _ in told] == [14, 17]
    assert "a change (delete)" in told[0][2]
    one = (await systems(world))["LT-9"]
    assert (one["fqdn"], one["operating_system"], one["site"]) == (
        "lt-9.corp.example",
        "Windows 11Enterprise",
        "Zürich",
    )
    people = (
        "dn: uid=anna,dc=example\nuid: anna\nmail: anna@example.org\ngivenName: Anna\nsn: Adler\n"
        "userAccountControl: 512\n\ndn: uid=bert,dc=example\nuid: bert\nuserAccountControl: 514\n"
    )
    done = await send(world, people, kind="people", format="ldif")
    assert done["created"] == 2
    await world.put("x", users=[{"user_id": "anna"}, {"user_id": "bert", "email": "b@c.d"}])
    assert [user["email"] for user in (await systems(world))["x"]["users"]] == ["anna@example.org", ""]


async def test_a_step_is_taken_once_and_a_crash_goes_on_with_the_next(world: World, monkeypatch: Any) -> None:
    table = "name\n" + "".join(f"PC-{number:04}\n" for number in range(1_200))
    answer = await world.client.post(IMPORTS, content=table)
    one = answer.json()
    assert one["steps"] == 3
    real, calls = taking._take_step_in, []

    def dies_at_the_second(*given: Any) -> None:
        calls.append(given)
        real(*given)
        if len(calls) == 2:
            raise ConnectionError("the process was killed before the commit")

    monkeypatch.setattr(taking, "_take_step_in", dies_at_the_second)
    with pytest.raises(ConnectionError):
        await take_file(world.ports, world.tenant, one["id"])
    half = (await world.client.get(f"{IMPORTS}/{one['id']}")).json()
    assert (half["state"], half["steps_done"], half["created"]) == ("running", 1, 450)
    await take_file(world.ports, world.tenant, one["id"])
    await take_file(world.ports, world.tenant, one["id"])
    done = (await world.client.get(f"{IMPORTS}/{one['id']}")).json()
    assert (done["state"], done["rows"], done["created"]) == ("done", 1_200, 1_200)


async def test_an_upload_that_ends_early_leaves_nothing(world: World) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"name\n" + b"LT-1\n" * 10_000
        raise ConnectionError("the sender is gone")

    wanted = Wanted(world.tenant, ImportKind.DEVICES, FileFormat.CSV, "test")
    with pytest.raises(ConnectionError):
        await receive_file(world.ports, wanted, breaks())
    (one,) = (await world.client.get(IMPORTS)).json()
    assert (one["state"], one["steps_done"]) == ("broken", 0)
    with pytest.raises(FileUnreadable):
        await receive_file(world.ports, wanted, pieces_of([b"name\n", b"\n"]))


async def test_memory_does_not_grow_with_the_file(world: World) -> None:
    row = b"x" * 180

    async def lines(count: int) -> AsyncIterator[bytes]:
        for start in range(0, count, 500):
            yield b"".join(b"PC-%07d,%s\n" % (number, row) for number in range(start, start + 500))

    async def head_and(count: int) -> AsyncIterator[bytes]:
        yield b"name,site\n"
        async for piece in lines(count):
            yield piece

    wanted = Wanted(world.tenant, ImportKind.DEVICES, FileFormat.CSV, "test")
    peaks = []
    for count in (10_000, 60_000):
        tracemalloc.start()
        one = await receive_file(world.ports, wanted, head_and(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert one.steps == -(-count // 450)
    assert peaks[1] < 1.5 * peaks[0] + 2_000_000


async def pieces_of(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_another_tenants_import_is_unknown(world: World, db: Database, clock: ManualClock) -> None:
    done = await send(world, "name\na\n")
    async with open_world(db, clock, "Other") as other:
        for address in ("", "/refused", "/refused.csv"):
            assert (await other.client.get(f"{IMPORTS}/{done['id']}{address}")).status_code == 404
        assert (await other.client.get(IMPORTS)).json() == []
