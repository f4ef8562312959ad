"""Silent systems are retired in sets, count nowhere, keep their groups, and come back by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.retiring import retire_silent
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX
from opulse.tenancy.views import list_audit
from tests.unit.monitoring.sensors.world import World, on, open_world

pytestmark = pytest.mark.stores
HANG = "Application Hang"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        made.ports = replace(made.ports, limits=replace(made.ports.limits, retire_after=timedelta(days=30)))
        yield made


async def sizes(world: World) -> dict[str, int]:
    """Of each group, as the list has it; All Systems as the evaluator counts it, too."""
    await world.evaluator.follow(world.tenant)
    listed = (await world.client.get("/api/v1/groups")).json()["groups"]
    found = {one["name"]: one["size"] for one in listed}
    assert world.evaluator.count(world.tenant, (), ALL_SYSTEMS_IDX).members == found["All Systems"]
    return found


async def shown(world: World, **asked: Any) -> list[str]:
    body = (await world.client.get("/api/v1/systems", params=asked)).json()
    assert body["total"] == len(body["systems"])
    return [one["name"] for one in body["systems"]]


async def hear(world: World, seq: int, *guids: str) -> None:
    await world.evaluator.follow(world.tenant)
    await world.send(f"b{seq}", seq, [], heartbeat=list(guids))
    await world.evaluator.write_snapshots()


async def test_silence_retires_and_a_report_brings_back(world: World) -> None:
    ids = await world.put("a", "b", "c", site="North")
    await world.group("Sales", ids["a"], ids["b"])
    rule = {"name": "North", "rule": "site = north"}
    assert (await world.client.post("/api/v1/groups", json=rule)).status_code == 201
    await hear(world, 1, *ids.values())
    world.clock.advance(31 * 24 * 3600)
    await retire_silent(world.ports)
    assert await sizes(world) == {"All Systems": 3, "North": 3, "Sales": 2}, (
        "nobody was heard: nobody fell silent"
    )
    await hear(world, 2, ids["c"])
    await world.put("new")
    await retire_silent(world.ports)
    assert await sizes(world) == {"All Systems": 2, "North": 1, "Sales": 0}
    assert await shown(world, retired=True) == ["a", "b"]
    assert await shown(world, retired=False) == ["c", "new"]
    assert len(await shown(world)) == 4
    north = next(
        one for one in (await world.client.get("/api/v1/groups")).json()["groups"] if one["name"] == "North"
    )
    members = (await world.client.get(f"/api/v1/groups/{north['group_id']}")).json()["members"]
    assert [one["name"] for one in members] == ["c"]
    preview = await world.client.post("/api/v1/groups/preview", json={"rule": "site = north"})
    assert preview.json()["count"] == 1

    answer = await world.send("b3", 3, [on(ids["a"], HANG)])
    assert answer["accepted"] == 1
    await world.evaluator.bring_back()
    assert await sizes(world) == {"All Systems": 3, "North": 2, "Sales": 1}
    assert await shown(world, retired=True) == ["b"]
    assert len(world.evaluator.count(world.tenant, [world.pick(HANG)], ALL_SYSTEMS_IDX).qualifying) == 1
    trail = await world.ports.db.read(list_audit, world.tenant, 50)
    retired = [(one["actor"], one["after"]) for one in trail if one["action"] == "systems.retired"]
    assert retired == [("automatic", {"systems": 2, "days": 30})]


async def test_one_that_never_reported_is_retired_by_its_age(world: World) -> None:
    ids = await world.put("heard", "never")
    world.clock.advance(29 * 24 * 3600)
    await hear(world, 1, ids["heard"])
    await retire_silent(world.ports)
    assert await shown(world, retired=True) == []
    world.clock.advance(3 * 24 * 3600)
    await hear(world, 2, ids["heard"])
    await retire_silent(world.ports)
    assert await shown(world, retired=True) == ["never"]


async def test_zero_days_retire_nobody(world: World) -> None:
    world.ports = replace(world.ports, limits=replace(world.ports.limits, retire_after=None))
    ids = await world.put("a", "b")
    await hear(world, 1, *ids.values())
    world.clock.advance(150 * 24 * 3600)
    await hear(world, 2, ids["b"])
    await retire_silent(world.ports)
    assert await shown(world, retired=True) == []


async def test_by_hand_out_and_in_again(world: World) -> None:
    ids = await world.put("a", "b")
    await hear(world, 1, *ids.values())
    assert (await world.client.post(f"/api/v1/systems/{ids['a']}/retire")).status_code == 204
    assert await sizes(world) == {"All Systems": 1}
    await world.evaluator.bring_back()
    assert await shown(world, retired=True) == ["a"], "what it reported before does not bring it back"
    assert (await world.client.get(f"/api/v1/systems/{ids['a']}")).json()["retired_at"] is not None
    await world.put("a", site="South")
    assert await shown(world, retired=True) == ["a"], "nor does an import"
    await world.group("Sales", ids["a"], ids["b"])
    assert (await sizes(world))["Sales"] == 1
    assert (await world.client.post(f"/api/v1/systems/{ids['a']}/restore")).status_code == 204
    assert await sizes(world) == {"All Systems": 2, "Sales": 2}
    assert (await world.client.post(f"/api/v1/systems/{ids['a']}/retire")).status_code == 204
    await hear(world, 2, ids["a"])
    await world.evaluator.bring_back()
    assert await sizes(world) == {"All Systems": 2, "Sales": 2}
    assert (await world.client.post("/api/v1/systems/nobody/retire")).status_code == 404


async def test_a_silent_system_that_was_restored_by_hand_has_its_time_again(world: World) -> None:
    ids = await world.put("a", "b")
    await hear(world, 1, *ids.values())
    world.clock.advance(40 * 24 * 3600)
    await hear(world, 2, ids["b"])
    await retire_silent(world.ports)
    await world.client.post(f"/api/v1/systems/{ids['a']}/restore")
    await retire_silent(world.ports)
    assert await shown(world, retired=True) == []
    world.clock.advance(40 * 24 * 3600)
    await hear(world, 3, ids["b"])
    await retire_silent(world.ports)
    assert await shown(world, retired=True) == ["a"]


async def test_a_retired_system_that_is_deleted_leaves_nothing_behind(world: World) -> None:
    ids = await world.put("a", "b")
    await world.client.post(f"/api/v1/systems/{ids['a']}/retire")
    assert (await world.client.delete(f"/api/v1/systems/{ids['a']}")).status_code == 204
    assert not await world.ports.db.read(views.list_retired, world.tenant)
    await world.put("a")
    assert await sizes(world) == {"All Systems": 2}


async def test_a_restart_knows_who_is_retired(world: World) -> None:
    ids = await world.put("a", "b")
    await hear(world, 1, *ids.values())
    await world.client.post(f"/api/v1/systems/{ids['a']}/retire")
    await world.evaluator.follow(world.tenant)
    await world.evaluator.write_snapshots()
    world.evaluator = Evaluator(world.ports.db, world.clock, world.ports.limits)
    await world.evaluator.load()
    assert await sizes(world) == {"All Systems": 1}
    assert len(world.evaluator.reporting(world.tenant)) == 1
