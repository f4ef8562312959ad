"""How sensors went, from samples: spans, groups, instances, gaps, and what happened on one system."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors.flow.sampling import HOURS_KEPT, SAMPLES_KEPT, Sampler
from opulse.monitoring.sensors.flow.trends import Trend, read_last_day, read_past, read_trend
from opulse.monitoring.sensors.models import TrendSpan
from opulse.monitoring.sensors.store import samples as store
from opulse.monitoring.systems import views
from tests.unit.monitoring.sensors.world import World, off, on, open_world

pytestmark = pytest.mark.stores

HANG = "Application Hang"
CPU = "Interrupt Rate"
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


async def look(world: World) -> int:
    return await Sampler(world.ports, world.evaluator).look(world.tenant)


async def trend(world: World, sensor: str, span: TrendSpan = TrendSpan.DAY, **asked: object) -> Trend:
    return await read_trend(world.ports, world.evaluator, world.tenant, world.sensor(sensor), span, **asked)  # type: ignore[arg-type]


def pass_time(clock: ManualClock, span: timedelta) -> None:
    clock.advance(span.total_seconds())


async def index_of(world: World, guid: str) -> int:
    found = await world.ports.db.read(views.find_system, world.tenant, guid)
    assert found is not None
    return found.idx


def known(found: Trend) -> list[int]:
    return [point.systems for point in found.points if point.systems is not None]


async def test_a_day_is_drawn_by_quarters_with_the_most_at_once(world: World, clock: ManualClock) -> None:
    ids = await world.put("a", "b", "c")
    await look(world)
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    pass_time(clock, QUARTER)
    await look(world)
    pass_time(clock, timedelta(minutes=5))
    await world.send("2", 2, [off(ids["a"], CPU)])
    await look(world)
    pass_time(clock, QUARTER)
    await look(world)

    day = await trend(world, CPU)
    assert len(day.points) == 96
    assert known(day) == [0, 2, 1]
    assert day.points[-1].systems == 1
    assert day.points[0].systems is None  # nobody looked then: not the same as none
    assert day.most == 2
    assert known(await trend(world, HANG)) == [0, 0, 0]
    await world.send("3", 3, [on(ids["c"], HANG, "word.exe")])
    soon = await trend(world, HANG)  # no look has seen it yet
    assert known(soon) == [0, 0, 1]
    assert [part.most for part in soon.groups] == [1]


async def test_groups_and_instances_have_trends_of_their_own(world: World, clock: ManualClock) -> None:
    ids = await world.put("a", "b", "c")
    await world.group("Sales", ids["a"], ids["b"])
    changes = [
        on(ids["a"], HANG, "outlook.exe"),
        on(ids["c"], HANG, "Outlook.exe"),
        on(ids["c"], HANG, "word.exe"),
    ]
    await world.send("1", 1, changes)
    await look(world)

    found = await trend(world, HANG)
    assert found.most == 2
    groups = await world.ports.db.read(views.list_groups, world.tenant)
    names = {group.idx: group.name for group in groups}
    assert {names[int(part.key)]: part.most for part in found.groups} == {"All Systems": 2, "Sales": 1}
    assert {part.key: part.most for part in found.instances} == {"outlook.exe": 2, "word.exe": 1}
    sales = next(group.idx for group in groups if group.name == "Sales")
    assert (await trend(world, HANG, group=sales)).most == 1
    assert (await trend(world, HANG, instance="OUTLOOK.EXE")).most == 2
    assert (await trend(world, HANG, instance="teams.exe")).most == 0


async def test_a_week_and_a_month_are_drawn_from_hours(world: World, clock: ManualClock) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], CPU), on(ids["b"], CPU)])
    await look(world)
    pass_time(clock, timedelta(minutes=20))
    await world.send("2", 2, [off(ids["a"], CPU)])
    await look(world)
    pass_time(clock, timedelta(days=6))
    await look(world)

    week, month = await trend(world, CPU, TrendSpan.WEEK), await trend(world, CPU, TrendSpan.MONTH)
    assert (len(week.points), known(week)) == (168, [2, 1])
    assert (len(month.points), known(month)) == (180, [2, 1])
    assert known(await trend(world, CPU)) == [1]
    pass_time(clock, timedelta(hours=2))
    await look(world)
    last_day = (await read_last_day(world.ports, world.tenant))[world.sensor(CPU)]
    assert (len(last_day), last_day[-3:], sum(last_day)) == (24, [1, 0, 1], 2)


async def test_what_is_too_old_is_forgotten(world: World, clock: ManualClock) -> None:
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], CPU)])
    await look(world)

    def count(conn: Connection) -> tuple[int, int]:
        counts = (f"SELECT count(*) FROM {table}" for table in ("sensor_samples", "sensor_hours"))
        first, second = (int(conn.execute(text(one)).scalar_one()) for one in counts)
        return first, second

    assert await world.ports.db.read(count) == (2, 2)
    pass_time(clock, SAMPLES_KEPT + timedelta(minutes=5))
    await look(world)
    assert await world.ports.db.read(count) == (2, 4)
    pass_time(clock, HOURS_KEPT + timedelta(hours=2))
    await look(world)
    assert await world.ports.db.read(count) == (2, 2)


async def test_a_systems_changes_are_told_over_a_restart(world: World, clock: ManualClock) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], CPU)])
    await look(world)
    first = clock.now()
    pass_time(clock, timedelta(minutes=5))
    await world.send("2", 2, [off(ids["a"], CPU), on(ids["a"], HANG, "word.exe"), on(ids["b"], CPU)])
    await look(world)  # a sampler of its own, as after a restart: it knows what the last one held
    pass_time(clock, timedelta(seconds=1))
    assert await look(world) == 2

    past = await read_past(world.ports, world.tenant, await index_of(world, ids["a"]))
    changes = past.changes
    told = [(one.at == first, one.sensor, one.instance, one.on) for one in changes]
    assert sorted(told[:2]) == sorted(
        [(False, world.sensor(CPU), "", False), (False, world.sensor(HANG), "word.exe", True)]
    )
    assert told[2:] == [(True, world.sensor(CPU), "", True)]
    assert past.seen == {(world.sensor(HANG), "word.exe")}
    assert past.since(world.sensor(HANG), "word.exe") == first + timedelta(minutes=5)
    assert past.since(world.sensor(CPU), "") is None
    others = await read_past(world.ports, world.tenant, await index_of(world, ids["b"]))
    assert [(one.sensor, one.on) for one in others.changes] == [(world.sensor(CPU), True)]


async def test_nothing_is_written_for_sensors_that_are_quiet(world: World, clock: ManualClock) -> None:
    ids = await world.put("a")
    assert await look(world) == 0
    await world.send("1", 1, [on(ids["a"], CPU)])
    assert await look(world) == 1
    pass_time(clock, timedelta(minutes=5))
    await world.send("2", 2, [off(ids["a"], CPU)])
    assert await look(world) == 1  # it stopped
    pass_time(clock, timedelta(minutes=5))
    assert await look(world) == 0
    held = await world.ports.db.read(store.list_held, world.tenant)
    assert held == {world.sensor(CPU): {}}


async def test_tenants_do_not_see_each_others_samples(world: World, clock: ManualClock) -> None:
    ids = await world.put("a")
    await world.send("1", 1, [on(ids["a"], CPU)])
    await look(world)
    async with open_world(world.ports.db, clock, "Other") as other:
        await look(other)
        assert known(await trend(other, CPU)) == [0]
        assert await read_last_day(other.ports, other.tenant) == {}
        assert (await read_past(other.ports, other.tenant, 1)).changes == ()
