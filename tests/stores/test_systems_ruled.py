"""Dynamic groups: filled, followed, renamed, refused; the evaluator counts whoever the rule is true of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pyroaring import BitMap
from sqlalchemy import Connection, delete

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.jobs import Job
from opulse.monitoring.systems import views
from opulse.monitoring.systems.jobs import GROUPS_DUE, HANDLERS
from opulse.monitoring.systems.models import GROUP_RULED
from opulse.monitoring.systems.store.groups import set_members
from opulse.monitoring.systems.store.reports import read_last_reports
from opulse.monitoring.systems.store.tables import system_facts
from tests.unit.monitoring.sensors.world import World, open_world

pytestmark = pytest.mark.stores
GROUPS = "/api/v1/groups"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def ruled(world: World, rule: str, name: str = "Ruled") -> dict[str, Any]:
    answer = await world.client.post(GROUPS, json={"name": name, "rule": rule})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def counted(world: World, group: str) -> int:
    """Members that the evaluator knows."""
    await world.evaluator.follow(world.tenant)
    found = await world.ports.db.read(views.find_group, world.tenant, group)
    assert found is not None
    members = world.evaluator.count(world.tenant, (), found.idx).members
    assert members == found.size
    return members


async def run(world: World, kind: str, **payload: Any) -> None:
    await HANDLERS[kind](world.ports, Job(1, world.tenant, kind, payload, 1, world.clock.now(), "test"))


async def test_a_rule_is_looked_at_before_it_is_saved(world: World) -> None:
    await world.put(*(f"WS-{number:02}" for number in range(25)), "srv-1")
    answer = await world.client.post(f"{GROUPS}/preview", json={"rule": "name startsWith ws-"})
    body = answer.json()
    assert (answer.status_code, body["count"], len(body["first"])) == (200, 25, 20)
    assert body["first"][0]["name"] == "WS-00"
    wrong = await world.client.post(f"{GROUPS}/preview", json={"rule": "name startsWit ws-"})
    assert (wrong.status_code, wrong.json()["reason"]) == (422, "bad_rule")
    assert wrong.json()["detail"].startswith("At character 6: expected =, !=")
    assert [one["name"] for one in (await world.client.get(GROUPS)).json()["groups"]] == ["All Systems"]


async def test_systems_enter_and_leave_as_they_change(world: World) -> None:
    ids = await world.put("a", "b", site="North")
    group = await ruled(world, "site = north and user.department = finance")
    assert (group["kind"], group["size"]) == ("dynamic", 0)
    assert await counted(world, group["group_id"]) == 0
    anna = {"user_id": "anna", "department": "Finance"}
    await world.put("a", users=[anna])
    assert await counted(world, group["group_id"]) == 1
    await world.put("b", "c", users=[anna], site="NORTH")
    assert await counted(world, group["group_id"]) == 3
    await world.put("a", users=[anna | {"department": "Sales"}])
    await world.put("c", site="South")
    assert await counted(world, group["group_id"]) == 1
    assert (await world.client.delete(f"/api/v1/systems/{ids['b']}")).status_code == 204
    assert await counted(world, group["group_id"]) == 0
    await world.put("b", site="North", users=[anna])
    assert await counted(world, group["group_id"]) == 1


async def test_a_changed_rule_is_followed_and_the_change_is_audited(world: World) -> None:
    await world.put("a1", "a2", "b1")
    guid = (await ruled(world, "name startsWith a"))["group_id"]
    changed = await world.client.put(f"{GROUPS}/{guid}", json={"name": "Others", "rule": "name endsWith 1"})
    assert (changed.json()["name"], changed.json()["rule"], changed.json()["size"]) == (
        "Others",
        "name endsWith 1",
        2,
    )
    assert await counted(world, guid) == 2
    renamed = await world.client.put(f"{GROUPS}/{guid}", json={"name": "Renamed"})
    assert (renamed.json()["name"], renamed.json()["size"]) == ("Renamed", 2)
    assert (await world.client.delete(f"{GROUPS}/{guid}")).status_code == 204
    await world.put("a3")
    assert (await world.client.get(f"{GROUPS}/{guid}")).status_code == 404


async def test_members_and_rules_are_not_mixed(world: World) -> None:
    ids = await world.put("a")
    guid = (await ruled(world, "name = a"))["group_id"]
    static = await world.group("By hand", ids["a"])
    for address, body, reason in (
        (f"{GROUPS}/{guid}/members", {"remove": [ids["a"]]}, "kept_by_rule"),
        (f"{GROUPS}/{guid}", {"name": "Ruled", "members": []}, "kept_by_rule"),
        (f"{GROUPS}/{static}", {"name": "By hand", "rule": "name = a"}, "no_rule"),
        (f"{GROUPS}/{guid}", {"name": "By hand", "rule": "name = a"}, "name_taken"),
        (f"{GROUPS}/{guid}", {"name": "Ruled", "rule": "name ="}, "bad_rule"),
    ):
        refused = await world.client.put(address, json=body)
        assert (refused.status_code in (409, 422), refused.json()["reason"]) == (True, reason)
    both = await world.client.post(GROUPS, json={"name": "x", "rule": "name = a", "members": []})
    assert both.status_code == 422
    assert await counted(world, guid) == 1


async def test_time_alone_moves_systems(world: World) -> None:
    ids = await world.put("a", "b", "never")
    silent = (await ruled(world, "lastReported > 2d", "Silent"))["group_id"]
    unheard = (await ruled(world, "lastReported = never", "Unheard"))["group_id"]
    assert await counted(world, unheard) == 3
    await world.send("1", 1, [], heartbeat=[ids["a"], ids["b"]])
    await world.evaluator.write_snapshots()
    await run(world, GROUPS_DUE)
    assert (await counted(world, silent), await counted(world, unheard)) == (0, 1)
    world.clock.advance(49 * 3600)
    await world.send("2", 2, [], heartbeat=[ids["b"]])
    await world.evaluator.write_snapshots()
    world.clock.advance(3600)
    await run(world, GROUPS_DUE)
    assert (await counted(world, silent), await counted(world, unheard)) == (1, 1)
    shown = (await world.client.get(f"{GROUPS}/{silent}")).json()
    assert [one["name"] for one in shown["members"]] == ["a"]


async def test_a_job_fills_what_a_killed_process_left_empty(world: World) -> None:
    await world.put("a", "b")
    guid = (await ruled(world, "name in (a, b)"))["group_id"]
    group = await world.ports.db.read(views.find_group, world.tenant, guid)
    assert group is not None

    def forget(conn: Connection) -> None:
        set_members(conn, world.tenant, group.idx, BitMap(), world.clock.now())
        conn.execute(delete(system_facts))  # and these systems are older than facts

    await world.ports.db.write(forget)
    await run(world, GROUP_RULED, group=group.idx)
    found = await world.ports.db.read(views.find_group, world.tenant, guid)
    assert found is not None
    assert found.size == 2


async def test_systems_that_are_written_while_a_group_is_filled_are_neither_lost_nor_kept(
    world: World,
) -> None:
    await world.put(*(f"a{number}" for number in range(200)))
    made, *_ = await asyncio.gather(
        ruled(world, "site = x and name startsWith a"),
        *(
            world.put(*(f"a{number}" for number in range(start, start + 40)), site="x")
            for start in range(0, 200, 40)
        ),
    )
    assert await counted(world, made["group_id"]) == 200
    world.clock.advance(1)
    await asyncio.gather(
        world.client.put(f"{GROUPS}/{made['group_id']}", json={"name": "Again", "rule": "site = x"}),
        *(
            world.put(*(f"a{number}" for number in range(start, start + 40)), site="y")
            for start in range(0, 200, 40)
        ),
    )
    assert await counted(world, made["group_id"]) == 0


async def test_rules_of_one_tenant_see_no_system_of_another(
    world: World, db: Database, clock: ManualClock
) -> None:
    await world.put("a")
    async with open_world(db, clock, "Other") as other:
        guid = (await ruled(other, "not name = nobody"))["group_id"]
        assert await counted(other, guid) == 0
        await other.put("b")
        assert await counted(other, guid) == 1
        assert (await world.client.get(f"{GROUPS}/{guid}")).status_code == 404


async def test_the_hours_of_reports_keep_each_system_once(world: World) -> None:
    ids = await world.put("a", "b")
    start = world.clock.now()
    for hour in range(4):
        await world.send(str(hour), hour + 1, [], heartbeat=[ids["a"], *([ids["b"]] if hour < 2 else [])])
        await world.evaluator.write_snapshots()
        world.clock.advance(3600)
    reports = await world.ports.db.read(read_last_reports, world.tenant, world.clock.now())
    assert {hour - start.replace(minute=0): len(found) for hour, found in reports.by_hour.items()} == {
        timedelta(hours=1): 1,
        timedelta(hours=3): 1,
    }
