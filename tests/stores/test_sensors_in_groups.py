"""Switch and variables of a sensor in groups: what agents there are told, and who counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors.models import GroupSetting
from opulse.tenancy import views
from opulse.tenancy.models import KeyKind
from opulse.wire.agent_config import decode_config
from tests.unit.monitoring.sensors.world import World, browse, on, open_world

pytestmark = pytest.mark.stores

CPU = "Interrupt Rate"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def told(world: World, system: str) -> dict[str, dict[str, Any]]:
    """What the agent of this system is to evaluate, with the tenant's own values."""
    async with browse(world.app, await world.key(KeyKind.AGENT, system)) as agent:
        answer = await agent.get("/api/v1/agent-config")
    assert answer.status_code == 200
    return {one.sensor: dict(one.variables) for one in decode_config(answer.content).sensors}


async def settle(world: World, group: str, **body: Any) -> int:
    answer = await world.client.put(f"/api/v1/groups/{group}/sensors", json={"name": CPU, **body})
    return answer.status_code


async def test_a_group_has_its_own_values_and_the_others_keep_theirs(world: World) -> None:
    systems = await world.put("PC-1", "PC-2")
    servers = await world.group("Servers", systems["PC-1"])
    await world.client.patch(f"/api/v1/sensors/{CPU}", json={"variables": {"limit": 4321}})
    assert await settle(world, servers, variables={"limit": 99}) == 200
    assert (await told(world, systems["PC-1"]))[CPU] == {"limit": 99}
    assert (await told(world, systems["PC-2"]))[CPU] == {"limit": 4321}
    listed = (await world.client.get(f"/api/v1/groups/{servers}/sensors")).json()["sensors"]
    assert listed == [{"name": CPU, "enabled": None, "variables": {"limit": 99}}]


async def test_off_in_a_group_is_not_evaluated_there_and_does_not_count(world: World) -> None:
    systems = await world.put("PC-1", "PC-2")
    kiosks = await world.group("Kiosks", systems["PC-1"])
    await world.send("b1", 1, [on(system, CPU) for system in systems.values()])
    assert await settle(world, kiosks, enabled=False) == 200
    assert CPU not in await told(world, systems["PC-1"])
    assert CPU in await told(world, systems["PC-2"])
    count = world.evaluator.count(world.tenant, [world.pick(CPU)], 0)
    assert await world.names(count.qualifying) == ["PC-2"]
    assert await settle(world, kiosks) == 200, "nothing said: as everywhere"
    assert await world.names(world.evaluator.count(world.tenant, [world.pick(CPU)], 0).qualifying) == [
        "PC-1",
        "PC-2",
    ]
    assert (await world.client.get(f"/api/v1/groups/{kiosks}/sensors")).json() == {"sensors": []}


async def test_off_everywhere_and_on_in_a_group_counts_there_alone(world: World) -> None:
    systems = await world.put("PC-1", "PC-2")
    servers = await world.group("Servers", systems["PC-2"])
    await world.send("b1", 1, [on(system, CPU) for system in systems.values()])
    await world.client.patch(f"/api/v1/sensors/{CPU}", json={"enabled": False})
    await settle(world, servers, enabled=True)
    assert CPU not in await told(world, systems["PC-1"])
    assert CPU in await told(world, systems["PC-2"])
    count = world.evaluator.count(world.tenant, [world.pick(CPU)], 0)
    assert await world.names(count.qualifying) == ["PC-2"]


async def test_of_several_groups_the_one_made_last_counts(world: World) -> None:
    systems = await world.put("PC-1")
    first, last = await world.group("First", systems["PC-1"]), await world.group("Last", systems["PC-1"])
    await settle(world, last, variables={"limit": 2})
    await settle(world, first, variables={"limit": 1}, enabled=False)
    assert CPU not in await told(world, systems["PC-1"]), "the last group says nothing of the switch"
    await settle(world, last, variables={"limit": 2}, enabled=True)
    assert (await told(world, systems["PC-1"]))[CPU] == {"limit": 2}


async def test_what_cannot_be_set_is_refused_with_what_to_do(world: World) -> None:
    group = await world.group("Servers")
    assert await settle(world, group, variables={"nope": 1}) == 422
    assert await settle(world, "00000000-0000-0000-0000-000000000000", enabled=False) == 404
    unknown = await world.client.put(f"/api/v1/groups/{group}/sensors", json={"name": "No such sensor"})
    assert unknown.status_code == 404
    assert (await world.client.get("/api/v1/groups/nope/sensors")).status_code == 404


async def test_a_change_in_a_group_is_audited_with_before_and_after(world: World) -> None:
    group = await world.group("Servers")
    await settle(world, group, variables={"limit": 7})
    await settle(world, group, enabled=False)
    rows = await world.ports.db.read(views.list_audit, world.tenant)
    changes = [row for row in rows if row["action"] == "sensor.changed_in_group"]
    assert [(row["before"], row["after"]) for row in changes] == [
        (
            {"group": "Servers", "enabled": None, "variables": {"limit": 7}},
            {"group": "Servers", "enabled": False, "variables": {}},
        ),
        (
            {"group": "Servers", "enabled": None, "variables": {}},
            {"group": "Servers", "enabled": None, "variables": {"limit": 7}},
        ),
    ]


async def test_a_setting_that_says_nothing_is_none() -> None:
    assert GroupSetting().says_nothing
    assert not GroupSetting(enabled=False).says_nothing
    assert not GroupSetting(variables={"limit": 0}).says_nothing
