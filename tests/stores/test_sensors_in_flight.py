"""Batches that are on their way at once: what one of them promises, and what becomes of the others when one cannot be written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors.rules.packing import Change, States
from opulse.monitoring.systems import views
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX
from opulse.tenancy.models import KeyKind
from tests.unit.monitoring.sensors.world import World, browse, off, on, open_world

pytestmark = pytest.mark.stores

CPU = "Interrupt Rate"
HANG = "Application Hang"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def hit(world: World, sensor: str = CPU) -> list[str]:
    count = world.evaluator.count(world.tenant, [world.pick(sensor)], ALL_SYSTEMS_IDX)
    return await world.names(list(count.qualifying))


async def positions(world: World) -> list[int]:
    return [entry.position for entry in await world.ports.db.read(views.list_journal, world.tenant, 0, 1000)]


async def restart(world: World) -> None:
    """Another process follows the same journal: it remembers no answers."""
    world.evaluator = Evaluator(world.ports.db, world.clock, world.ports.limits)
    await world.evaluator.load()
    world.app.state.evaluator = world.evaluator


async def test_many_senders_at_once_lose_nothing_and_leave_no_gap(world: World) -> None:
    names = [f"s{number}" for number in range(40)]
    ids = await world.put(*names)
    await asyncio.gather(*(world.send(f"on {name}", 1, [on(ids[name], CPU)]) for name in names))
    await asyncio.gather(*(world.send(f"off {name}", 2, [off(ids[name], CPU)]) for name in names[::2]))
    assert await hit(world) == sorted(names[1::2])
    assert await positions(world) == list(range(1, world.evaluator.position(world.tenant) + 1))


async def test_twins_in_flight_are_taken_once_and_answered_the_same(world: World) -> None:
    ids = await world.put("a")
    before = world.evaluator.position(world.tenant)
    lines = [on(ids["a"], CPU), on(ids["a"], "No Such Sensor")]
    one, *others = await asyncio.gather(*(world.send("1", 1, lines) for _ in range(5)))
    assert (one["accepted"], others) == (1, [one] * 4)
    assert world.evaluator.position(world.tenant) == before + 1


async def test_a_repeated_batch_among_new_ones_takes_none_of_them_with_it(world: World) -> None:
    ids = await world.put("a", "b", "c")
    first = await world.send("1", 1, [on(ids["a"], CPU)])
    await world.send("2", 2, [off(ids["a"], CPU)])
    await restart(world)
    answers = await asyncio.gather(
        world.send("3", 3, [on(ids["b"], CPU)]),
        world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], HANG, "x")]),
        world.send("4", 4, [on(ids["c"], CPU)]),
    )
    assert [answer["accepted"] for answer in answers] == [1, 1, 1]
    assert answers[1] == first
    assert await hit(world) == ["b", "c"]
    assert await hit(world, HANG) == []


async def test_a_repeated_batch_does_not_raise_the_number_of_its_systems(world: World) -> None:
    """It changes nothing: what it says of its ``seq`` is not believed either."""
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], CPU)])
    await restart(world)
    await world.send("1", 9, [off(ids["a"], CPU)])
    assert await hit(world) == ["a"]
    assert (await world.send("2", 2, [off(ids["a"], CPU)]))["accepted"] == 1
    assert await hit(world) == []


async def test_what_could_not_be_written_promises_nothing(world: World) -> None:
    """The sender asks again with the same number, or another source with a lower one: neither is too late."""
    ids = await world.put("a")

    def rename(conn: Connection, source: str, target: str) -> None:
        conn.execute(text(f"ALTER TABLE {source} RENAME TO {target}"))

    await world.ports.db.write(rename, "sensor_journal", "hidden")
    with pytest.raises(Exception, match="sensor_journal"):
        await world.send("1", 9, [on(ids["a"], CPU)])
    await world.ports.db.write(rename, "hidden", "sensor_journal")
    assert world.evaluator.frozen_until == world.clock.now() + timedelta(minutes=15)
    assert (await world.send("2", 5, [on(ids["a"], CPU)]))["accepted"] == 1
    assert await hit(world) == ["a"]


async def test_a_lower_number_of_another_source_is_told_so_while_the_higher_is_on_its_way(
    world: World,
) -> None:
    ids = await world.put("a")
    async with browse(world.app, await world.key(KeyKind.AGENT, ids["a"])) as agent:

        async def by_agent() -> Any:
            body = {"batch": "1", "seq": 4, "changes": [{"sensor": CPU, "triggered": False}]}
            return (await agent.post("/api/v1/sensor-states", json=body)).json()

        await agent.post("/api/v1/sensor-states", json={"batch": "0", "seq": 1})
        high, low = await asyncio.gather(world.send("1", 5, [on(ids["a"], CPU)]), by_agent())
    assert high["accepted"] == 1
    assert (low["accepted"], [one["reason"] for one in low["ignored"]]) in [(0, ["old_seq"]), (1, [])]
    assert await hit(world) == ["a"], "whichever came first, the larger number has the last word"


async def test_a_batch_that_a_deletion_overtook_leaves_no_bits_on_the_tombstone(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    estate = world.evaluator.estate(world.tenant)
    assert estate is not None
    both = estate.living.copy()
    await world.client.delete(f"/api/v1/systems/{ids['b']}")
    await world.evaluator.follow(world.tenant)
    sensor = world.sensor(CPU)
    applied = estate.apply_states(
        estate.position + 1, States(2, False, both, [Change(sensor, "", True, both)]), world.clock.now()
    )
    assert applied.touched == {sensor}
    assert await world.names(list(estate.triggered.systems(sensor, None))) == ["a"]
    assert await world.names(list(world.evaluator.reporting(world.tenant))) == ["a"]


async def test_a_system_may_report_in_the_moment_of_its_registration(world: World) -> None:
    """Memory has not followed the journal yet, neither for the system nor for the gateway's group."""
    guid = await world.group("North")
    key = await world.key(KeyKind.GATEWAY, guid)
    made = await world.client.put("/api/v1/systems", json={"systems": [{"name": "new"}]})
    system = made.json()["systems"][0]["system_id"]
    await world.client.put(f"/api/v1/groups/{guid}/members", json={"add": [system], "remove": []})
    async with browse(world.app, key) as gateway:
        body = {"batch": "1", "seq": 1, "changes": [on(system, CPU)]}
        answer = await gateway.post("/api/v1/sensor-states", json=body)
    assert answer.json() == {"accepted": 1, "refused": [], "ignored": []}
    assert await hit(world) == ["new"]
