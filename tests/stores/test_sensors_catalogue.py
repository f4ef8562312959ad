"""The tenant's sensors and what agents are told of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, text

from opulse.catalogue import load_catalogue
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors.flow.catalogue import seed_tenant_in
from opulse.monitoring.sensors.store import sensors as store
from opulse.tenancy.models import KeyKind
from opulse.wire.agent_config import decode_config
from tests.unit.monitoring.sensors.world import World, browse, on, open_world

pytestmark = pytest.mark.stores

CPU = "Interrupt Rate"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def show(world: World, name: str) -> dict[str, Any]:
    found = (await world.client.get("/api/v1/sensors", params={"search": name})).json()["sensors"]
    return next(sensor for sensor in found if sensor["name"] == name)


async def test_every_sensor_of_the_kits_is_there_once_with_an_index(world: World) -> None:
    listed = (await world.client.get("/api/v1/sensors")).json()["sensors"]
    assert {sensor["name"] for sensor in listed} == {sensor.name for sensor in load_catalogue()}
    indices = sorted(sensor.idx for sensor in world.evaluator.sensors(world.tenant).values())
    assert indices == list(range(1, len(listed) + 1))


async def test_seeding_again_changes_nothing_and_writes_no_record(world: World) -> None:
    before = world.evaluator.position(world.tenant)
    await world.ports.db.write(seed_tenant_in, world.tenant, world.clock.now())
    assert await world.evaluator.follow(world.tenant) == before


async def test_a_newer_kit_changes_texts_and_defaults_and_leaves_the_tenants_own(world: World) -> None:
    await world.client.patch(f"/api/v1/sensors/{CPU}", json={"variables": {"limit": 4321}, "enabled": False})

    def age(conn: Connection) -> None:
        old = store.find_by_names(conn, world.tenant, [CPU])[CPU]
        store.refresh_sensors(
            conn, world.tenant, [replace(old, help="an older text", defaults={"limit": 1})], world.clock.now()
        )
        conn.execute(text("DELETE FROM sensors WHERE name = 'DPC Rate'"))

    known = world.sensor("DPC Rate")
    await world.ports.db.write(age)
    await world.ports.db.write(seed_tenant_in, world.tenant, world.clock.now())
    await world.evaluator.follow(world.tenant)
    shown = await show(world, CPU)
    assert shown["help"] == load_catalogue().by_name[CPU].help
    assert (shown["enabled"], shown["variables"]["limit"], shown["changed"]) == (False, 4321, ["limit"])
    assert world.sensor("DPC Rate") > max(known, len(load_catalogue())), "a number is never given twice"


async def test_variables_are_checked_and_return_to_their_default(world: World) -> None:
    address = f"/api/v1/sensors/{CPU}"
    default = (await show(world, CPU))["variables"]["limit"]
    changed = await world.client.patch(address, json={"variables": {"limit": default + 1}})
    assert (changed.json()["variables"]["limit"], changed.json()["changed"]) == (default + 1, ["limit"])
    wrong = await world.client.patch(address, json={"variables": {"limit": "much", "colour": 1}})
    assert (wrong.status_code, wrong.json()["what"]) == (422, {"limit": "wrong_type", "colour": "unknown"})
    back = await world.client.patch(address, json={"variables": {"limit": None}})
    assert (back.json()["variables"]["limit"], back.json()["changed"]) == (default, [])
    assert (await world.client.patch("/api/v1/sensors/Nothing", json={})).status_code == 404


async def test_a_custom_sensor_can_be_fed_at_once(world: World) -> None:
    ids = await world.put("a")
    body = {"name": "Badge/Reader offline", "category": "Doors", "instanced": True}
    assert (await world.client.post("/api/v1/sensors", json=body)).status_code == 201
    twin = await world.client.post("/api/v1/sensors", json=body | {"name": "badge/reader OFFLINE"})
    assert (twin.status_code, twin.json()["reason"]) == (409, "name_taken")
    answer = await world.send("1", 1, [on(ids["a"], "Badge/Reader offline", "door 7")])
    assert answer["accepted"] == 1
    off = await world.client.patch("/api/v1/sensors/Badge/Reader offline", json={"enabled": False})
    assert (off.status_code, off.json()["origin"], off.json()["enabled"]) == (200, "custom", False)


async def test_an_agent_is_told_what_to_evaluate_and_asks_again_cheaply(world: World) -> None:
    ids = await world.put("a")
    await world.client.post("/api/v1/sensors", json={"name": "Custom one"})
    async with browse(world.app, await world.key(KeyKind.AGENT, ids["a"])) as agent:
        first = await agent.get("/api/v1/agent-config")
        config = decode_config(first.content)
        assert config.system == ids["a"]
        assert {sensor.sensor for sensor in config.sensors} == {sensor.name for sensor in load_catalogue()}
        same = {"If-None-Match": first.headers["etag"]}
        again = await agent.get("/api/v1/agent-config", headers=same)
        assert (again.status_code, again.content) == (304, b"")
        await world.client.patch(f"/api/v1/sensors/{CPU}", json={"variables": {"limit": 4321}})
        await world.client.patch("/api/v1/sensors/DPC Rate", json={"enabled": False})
        changed = await agent.get("/api/v1/agent-config", headers=same)
        told = {sensor.sensor: sensor.variables for sensor in decode_config(changed.content).sensors}
    assert (changed.status_code, told[CPU], "DPC Rate" in told) == (200, {"limit": 4321}, False)
    assert (await world.client.get("/api/v1/agent-config")).status_code == 403


async def test_another_tenants_switches_are_its_own(world: World, db: Database, clock: ManualClock) -> None:
    async with open_world(db, clock, "Other") as other:
        await other.client.patch(f"/api/v1/sensors/{CPU}", json={"enabled": False})
        assert (await show(other, CPU))["enabled"] is False
    assert (await show(world, CPU))["enabled"] is True


@pytest.mark.parametrize("name", ["Disk Read / sec", "% Committed", "Available Memory (MB) (Red)"])
async def test_a_sensor_of_any_name_is_changed_by_it(world: World, name: str) -> None:
    address = f"/api/v1/sensors/{quote(name, safe='')}"
    answer = await world.client.patch(address, json={"variables": {"limit": 77}})
    assert answer.status_code == 200, answer.text
    assert (await show(world, name))["variables"]["limit"] == 77
