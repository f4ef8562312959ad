"""The evaluator over restarts, silence and freezes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors import Count, Evaluator
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX
from tests.unit.monitoring.sensors.world import World, off, on, open_world

pytestmark = pytest.mark.stores

HANG = "Application Hang"
CPU = "Interrupt Rate"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


def _break_journal(conn: Connection) -> None:
    conn.execute(text("DROP TABLE sensor_journal"))


def _count_journal(conn: Connection) -> int:
    return int(conn.execute(text("SELECT count(*) FROM sensor_journal")).scalar_one())


def count_cpu(world: World, evaluator: Evaluator) -> Count:
    return evaluator.count(world.tenant, [world.pick(CPU)], ALL_SYSTEMS_IDX)


async def restarted(world: World) -> Evaluator:
    evaluator = Evaluator(world.ports.db, world.clock, world.ports.limits)
    await evaluator.load()
    return evaluator


async def test_a_crash_loses_nothing_that_was_answered(world: World) -> None:
    ids = await world.put("a", "b", "c")
    await world.send("1", 5, [on(ids["a"], CPU), on(ids["b"], CPU), on(ids["c"], HANG, "Excel.exe")])
    await world.send("2", 6, [off(ids["b"], CPU)])
    after = await restarted(world)
    before = world.evaluator
    assert count_cpu(world, after) == count_cpu(world, before)
    assert after.position(world.tenant) == before.position(world.tenant)
    assert after.instances(world.tenant, world.sensor(HANG)) == ["Excel.exe"]


async def test_large_batches_are_kept_over_a_crash_and_in_a_snapshot(world: World) -> None:
    names = [f"pc-{number}" for number in range(100)]
    ids = await world.put(*names)
    everybody = list(ids.values())
    await world.send("1", 5, [on(guid, HANG, "Excel.exe") for guid in everybody])
    await world.send("2", 6, [off(guid, HANG, "EXCEL.EXE") for guid in everybody[:70]])
    after = await restarted(world)
    await world.evaluator.write_snapshots()
    from_snapshot = await restarted(world)
    for evaluator in (world.evaluator, after, from_snapshot):
        hit = evaluator.count(world.tenant, [world.pick(HANG)], ALL_SYSTEMS_IDX).qualifying
        assert await world.names(list(hit)) == sorted(names[70:])
        assert evaluator.instances(world.tenant, world.sensor(HANG)) == ["Excel.exe"]


async def test_a_large_batch_that_is_full_replaces_what_was_triggered(world: World) -> None:
    ids = await world.put(*(f"pc-{number}" for number in range(70)))
    everybody = list(ids.values())
    await world.send("1", 5, [on(guid, CPU) for guid in everybody])
    await world.send("2", 6, [on(guid, HANG, "Excel.exe") for guid in everybody], full=True)
    assert len(count_cpu(world, world.evaluator).qualifying) == 0
    assert world.evaluator.triggered_counts(world.tenant) == {world.sensor(HANG): 70}


async def test_a_snapshot_and_the_journal_after_it_give_the_same(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 5, [on(ids["a"], CPU), on(ids["a"], HANG, "Excel.exe")])
    await world.evaluator.write_snapshots()
    await world.put("c")
    await world.send("2", 6, [on(ids["b"], CPU), off(ids["a"], HANG, "excel.exe")])
    after = await restarted(world)
    assert count_cpu(world, after) == count_cpu(world, world.evaluator)
    assert count_cpu(world, after).members == 3
    picks = [world.pick(HANG), world.pick(CPU)]
    systems = list(count_cpu(world, after).qualifying)
    assert after.active_instances(world.tenant, systems, picks) == world.evaluator.active_instances(
        world.tenant, systems, picks
    )


async def test_sequence_numbers_survive_a_restart(world: World) -> None:
    ids = await world.put("a")
    await world.send("1", 9, [on(ids["a"], CPU)])
    await world.evaluator.write_snapshots()
    world.app.state.evaluator = await restarted(world)
    answer = await world.send("2", 8, [off(ids["a"], CPU)])
    assert [line["reason"] for line in answer["ignored"]] == ["old_seq"]


async def test_a_repeated_batch_is_answered_the_same_after_a_restart(world: World) -> None:
    ids = await world.put("a")
    first = await world.send("1", 1, [on(ids["a"], CPU), on(ids["a"], "No Such Sensor")])
    await world.send("2", 2, [off(ids["a"], CPU)])
    world.app.state.evaluator = after = await restarted(world)
    assert await world.send("1", 1, [on(ids["a"], CPU), on(ids["a"], "No Such Sensor")]) == first
    assert len(count_cpu(world, after).qualifying) == 0


async def test_systems_that_fall_silent_are_noticed_on_the_tick(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    heard: list[object] = []
    world.evaluator.subscribe(lambda tenant, touched, position: heard.append(touched))
    world.clock.advance(10 * 60)
    await world.send("2", 2, [], heartbeat=[ids["b"]])
    world.evaluator.tick()
    assert (count_cpu(world, world.evaluator).reporting, heard) == (2, [])
    world.clock.advance(6 * 60)
    world.evaluator.tick()
    count = count_cpu(world, world.evaluator)
    assert (await world.names(list(count.qualifying)), count.reporting, count.members) == (["b"], 1, 2)
    assert heard == [None]
    await world.send("3", 3, [], heartbeat=[ids["a"]])
    assert len(count_cpu(world, world.evaluator).qualifying) == 2, "its bits were never forgotten"
    assert heard == [None, None]


async def test_after_a_start_reporting_is_frozen_for_one_window(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    world.clock.advance(3 * 3600)
    after = await restarted(world)
    assert after.frozen_until == world.clock.now() + timedelta(minutes=15)
    after.tick()
    assert count_cpu(world, after).reporting == 2, "we did not listen, so nobody fell silent"
    world.clock.advance(15 * 60)
    after.tick()
    assert count_cpu(world, after).reporting == 0


async def test_a_fresh_installation_has_nothing_to_freeze(world: World) -> None:
    assert world.evaluator.frozen_until <= world.clock.now()


async def test_batches_that_cannot_be_kept_freeze_reporting(world: World) -> None:
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], CPU)])
    await world.ports.db.write(_break_journal)
    with pytest.raises(Exception, match="sensor_journal"):
        await world.send("2", 2, [off(ids["a"], CPU)])
    assert world.evaluator.frozen_until == world.clock.now() + timedelta(minutes=15)


async def test_what_another_process_wrote_is_followed(world: World) -> None:
    other = await restarted(world)
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], CPU)])
    assert count_cpu(world, other).members == 0
    await other.follow(world.tenant)
    assert count_cpu(world, other) == count_cpu(world, world.evaluator)


async def test_the_running_evaluator_hears_of_members_by_itself(world: World) -> None:
    running = Evaluator(world.ports.db, world.clock, world.ports.limits)
    heard = asyncio.Event()
    running.subscribe(lambda tenant, touched, position: heard.set())
    await running.start()
    try:
        await world.put("a", "b")
        async with asyncio.timeout(10):
            await heard.wait()
        assert count_cpu(world, running).members == 2
    finally:
        await running.stop()
    assert count_cpu(world, await restarted(world)).members == 2


async def test_old_records_go_once_a_snapshot_covers_them(world: World) -> None:
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], CPU)])
    world.clock.advance(8 * 24 * 3600)
    await world.send("2", 2, [on(ids["a"], HANG, "x")])
    await world.evaluator.write_snapshots()
    left = await world.ports.db.read(_count_journal)
    assert left == 1
    assert count_cpu(world, await restarted(world)) == count_cpu(world, world.evaluator)


async def test_last_heard_and_what_is_triggered_on_one_system(world: World) -> None:
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], HANG, "b.exe"), on(ids["a"], CPU), on(ids["a"], HANG, "A.exe")])
    idx = next(iter(world.evaluator.reporting(world.tenant)))
    shown = [(one.sensor, one.instance) for one in world.evaluator.triggered_on(world.tenant, idx)]
    assert shown == [(HANG, "A.exe"), (HANG, "b.exe"), (CPU, None)]
    heard = world.evaluator.last_heard(world.tenant, idx)
    assert heard is not None
    assert timedelta() <= world.clock.now() - heard < timedelta(seconds=15)
    assert world.evaluator.last_heard(world.tenant, idx + 1) is None
