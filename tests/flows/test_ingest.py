"""Sensor states over the API: what is taken, refused, ignored, repeated, and for whom a key may speak."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.systems import views
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX
from opulse.tenancy.models import KeyKind
from tests.unit.monitoring.sensors.world import World, browse, off, on, open_world

pytestmark = pytest.mark.stores

HANG = "Application Hang"
CPU = "Interrupt Rate"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def hit(world: World, *picks: object, group: int = ALL_SYSTEMS_IDX) -> list[str]:
    count = world.evaluator.count(world.tenant, picks, group)  # type: ignore[arg-type]  # the tests' own picks
    return await world.names(list(count.qualifying))


async def test_a_change_is_counted_and_a_second_one_takes_it_back(world: World) -> None:
    ids = await world.put("a", "b", "c")
    answer = await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    assert answer == {"accepted": 2, "refused": [], "ignored": []}
    assert await hit(world, world.pick(CPU)) == ["a", "b"]
    await world.send("2", 2, [off(ids["a"], CPU)])
    assert await hit(world, world.pick(CPU)) == ["b"]


async def test_any_instance_is_the_union_and_names_are_compared_without_case(world: World) -> None:
    ids = await world.put("a", "b", "c")
    await world.send("1", 1, [on(ids["a"], HANG, "EXCEL.EXE"), on(ids["b"], HANG, "msedge.exe")])
    await world.send("2", 2, [on(ids["a"], HANG, "outlook.exe"), on(ids["c"], HANG, "excel.exe")])
    assert await hit(world, world.pick(HANG)) == ["a", "b", "c"]
    assert await hit(world, world.pick(HANG, "Excel.exe")) == ["a", "c"]
    await world.send("3", 3, [off(ids["a"], HANG, "excel.EXE")])
    assert await hit(world, world.pick(HANG, "Excel.exe")) == ["c"]
    assert await hit(world, world.pick(HANG)) == ["a", "b", "c"], "outlook.exe still hangs on a"
    assert world.evaluator.instances(world.tenant, world.sensor(HANG)) == [
        "EXCEL.EXE",
        "msedge.exe",
        "outlook.exe",
    ]


async def test_all_sensors_must_be_triggered_on_the_same_system(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], HANG, "x")])
    assert await hit(world, world.pick(CPU), world.pick(HANG)) == []
    await world.send("2", 2, [on(ids["b"], CPU)])
    assert await hit(world, world.pick(CPU), world.pick(HANG)) == ["b"]


async def test_only_members_of_the_group_count(world: World) -> None:
    ids = await world.put("a", "b", "c")
    guid = await world.group("Sales", ids["a"], ids["c"])
    group = await world.ports.db.read(views.find_group, world.tenant, guid)
    assert group is not None
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    count = world.evaluator.count(world.tenant, [world.pick(CPU)], group.idx)
    assert (await world.names(list(count.qualifying)), count.members, count.reporting) == (["a"], 2, 1)
    await world.client.put(f"/api/v1/groups/{guid}/members", json={"add": [ids["b"]], "remove": [ids["a"]]})
    await world.evaluator.follow(world.tenant)
    assert await hit(world, world.pick(CPU), group=group.idx) == ["b"]


async def test_unknown_systems_and_sensors_are_refused_by_index_and_the_rest_are_taken(world: World) -> None:
    ids = await world.put("a")
    lines = [
        on("00000000-0000-0000-0000-000000000000", CPU),
        on(ids["a"], CPU),
        on(ids["a"], "No Such Sensor"),
        {"system": ids["a"], "triggered": True},
        on(ids["a"], CPU, "drive"),
        {"sensor": CPU, "triggered": True},
    ]
    answer = await world.send("1", 1, lines)
    assert answer["accepted"] == 1
    assert [(line["index"], line["reason"]) for line in answer["refused"]] == [
        (0, "unknown_system"),
        (2, "unknown_sensor"),
        (3, "malformed"),
        (4, "no_instances"),
        (5, "unknown_system"),
    ]
    assert await hit(world, world.pick(CPU)) == ["a"]


async def test_a_lower_seq_of_a_system_is_ignored_and_said_so(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 7, [on(ids["a"], CPU)])
    late = await world.send("2", 6, [off(ids["a"], CPU), on(ids["b"], CPU)])
    assert late == {
        "accepted": 1,
        "refused": [],
        "ignored": [{"system": ids["a"], "reason": "old_seq"}],
    }
    assert await hit(world, world.pick(CPU)) == ["a", "b"]


async def test_the_same_seq_again_is_taken(world: World) -> None:
    """A sender whose batch was not answered sends its lines again, maybe in another batch."""
    ids = await world.put("a")
    await world.send("1", 7, [on(ids["a"], CPU)])
    assert (await world.send("2", 7, [off(ids["a"], CPU)]))["accepted"] == 1
    assert await hit(world, world.pick(CPU)) == []


async def test_a_full_batch_replaces_the_bits_of_the_systems_it_names(world: World) -> None:
    ids = await world.put("a", "b", "c")
    await world.send("1", 1, [on(ids[name], CPU) for name in "abc"])
    await world.send("2", 2, [on(ids["a"], HANG, "x")], full=True, heartbeat=[ids["b"]])
    assert await hit(world, world.pick(CPU)) == ["c"]
    assert await hit(world, world.pick(HANG)) == ["a"]


async def test_a_repeated_batch_is_answered_the_same_and_applied_once(world: World) -> None:
    ids = await world.put("a")
    lines = [on(ids["a"], CPU), on(ids["a"], "No Such Sensor")]
    first = await world.send("1", 1, lines)
    await world.send("2", 2, [off(ids["a"], CPU)])
    position = world.evaluator.position(world.tenant)
    assert await world.send("1", 1, lines) == first
    assert world.evaluator.position(world.tenant) == position
    assert await hit(world, world.pick(CPU)) == []


async def test_an_empty_batch_of_an_agent_is_its_heartbeat(world: World) -> None:
    ids = await world.put("a", "b")
    async with browse(world.app, await world.key(KeyKind.AGENT, ids["a"])) as agent:
        answer = await agent.post("/api/v1/sensor-states", json={"batch": "1", "seq": 1})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 0)
    assert await world.names(list(world.evaluator.reporting(world.tenant))) == ["a"]


async def test_a_gateway_vouches_for_systems_without_a_change(world: World) -> None:
    ids = await world.put("a", "b", "c")
    await world.send("1", 1, [], heartbeat=[ids["a"], ids["c"]])
    assert await world.names(list(world.evaluator.reporting(world.tenant))) == ["a", "c"]


async def test_an_agent_speaks_for_its_own_system_only(world: World) -> None:
    ids = await world.put("a", "b")
    async with browse(world.app, await world.key(KeyKind.AGENT, ids["a"])) as agent:
        lines = [on(ids["b"], CPU), on(ids["a"], CPU), {"sensor": HANG, "instance": "x", "triggered": True}]
        body = {"batch": "1", "seq": 1, "changes": lines, "heartbeat": [ids["b"]]}
        answer = (await agent.post("/api/v1/sensor-states", json=body)).json()
    assert (answer["accepted"], [(line["index"], line["reason"]) for line in answer["refused"]]) == (
        2,
        [(0, "not_yours")],
    )
    assert await hit(world, world.pick(CPU)) == ["a"]
    assert await hit(world, world.pick(HANG, "X")) == ["a"]
    assert await world.names(list(world.evaluator.reporting(world.tenant))) == ["a"]


async def test_a_gateway_key_speaks_for_the_members_of_its_groups(world: World) -> None:
    ids = await world.put("a", "b")
    guid = await world.group("Site North", ids["a"])
    async with browse(world.app, await world.key(KeyKind.GATEWAY, guid)) as gateway:
        body = {"batch": "1", "seq": 1, "changes": [on(ids["a"], CPU), on(ids["b"], CPU)]}
        answer = (await gateway.post("/api/v1/sensor-states", json=body)).json()
    assert [(line["index"], line["reason"]) for line in answer["refused"]] == [(1, "not_yours")]
    assert await hit(world, world.pick(CPU)) == ["a"]


async def test_another_tenants_system_is_unknown_here(world: World, db: Database, clock: ManualClock) -> None:
    async with open_world(db, clock, "Other") as other:
        theirs = (await other.put("a"))["a"]
        answer = await world.send("1", 1, [on(theirs, CPU)])
        assert [line["reason"] for line in answer["refused"]] == ["unknown_system"]
        assert other.evaluator.count(other.tenant, [other.pick(CPU)], ALL_SYSTEMS_IDX).reporting == 0


async def test_a_body_that_is_no_batch_is_refused_as_a_whole(world: World) -> None:
    answer = await world.client.post("/api/v1/sensor-states", content=b'{"batch": 1}')
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_sensor_that_is_switched_off_counts_nowhere_until_it_is_on_again(world: World) -> None:
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], CPU)])
    await world.client.patch(f"/api/v1/sensors/{CPU}", json={"enabled": False})
    assert await hit(world, world.pick(CPU)) == []
    await world.client.patch(f"/api/v1/sensors/{CPU}", json={"enabled": True})
    assert await hit(world, world.pick(CPU)) == ["a"]


async def test_a_deleted_system_counts_nowhere_and_its_index_is_never_given_again(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    gone = world.evaluator.count(world.tenant, [world.pick(CPU)], ALL_SYSTEMS_IDX).qualifying
    assert (await world.client.delete(f"/api/v1/systems/{ids['b']}")).status_code == 204
    await world.put("c")
    count = world.evaluator.count(world.tenant, [world.pick(CPU)], ALL_SYSTEMS_IDX)
    assert (await world.names(list(count.qualifying)), count.members) == (["a"], 2)
    assert await world.names(list(gone)) == ["a", "b"], "a past activation still knows it"
    answer = await world.send("2", 2, [on(ids["b"], CPU)])
    assert [line["reason"] for line in answer["refused"]] == ["unknown_system"]


async def test_subscribers_hear_which_sensors_were_touched(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [], heartbeat=[ids["a"], ids["b"]])
    heard: list[object] = []
    world.evaluator.subscribe(lambda tenant, touched, position: heard.append((tenant, touched, position)))
    await world.send("2", 2, [on(ids["a"], CPU), on(ids["b"], HANG, "x")])
    position = world.evaluator.position(world.tenant)
    assert heard == [(world.tenant, frozenset({world.sensor(CPU), world.sensor(HANG)}), position)]
    await world.put("c")
    assert heard[1:] == [(world.tenant, None, position + 1)], "members changed: anything may have"
