"""Two processes take agents' reports: each hears of all systems, and notices when the other cannot listen. On both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors.flow.elsewhere import ListenerSign, SharedReports
from tests.unit.monitoring.sensors.world import World, on, open_world

pytestmark = pytest.mark.stores

HANG = "Application Hang"


@pytest.fixture
async def world(db: Database, clock: ManualClock) -> AsyncIterator[World]:
    async with open_world(db, clock) as made:
        yield made


class Process:
    """An evaluator beside the world's, which is the first process's."""

    def __init__(self, world: World, name: str, evaluator: Evaluator | None = None) -> None:
        ports = world.ports
        self.evaluator = evaluator or Evaluator(ports.db, ports.clock, ports.limits)
        self.reports = SharedReports(ports.db, ports.clock, self.evaluator, ports.limits, name)
        self.sign = ListenerSign(ports.db, ports.clock, ports.limits, name)


async def two(world: World) -> tuple[Process, Process]:
    """The first takes the world's batches; the second listens to nobody and decides, say."""
    web, other = Process(world, "web", world.evaluator), Process(world, "other")
    await other.evaluator.load()
    await world.ports.db.write(web.sign._say)
    await web.reports.exchange()
    await other.reports.exchange()
    return web, other


async def test_a_heartbeat_that_one_heard_is_known_to_the_other(world: World) -> None:
    ids = await world.put("a", "b")
    await world.send("1", 1, [on(ids["a"], HANG), on(ids["b"], HANG)])
    web, other = await two(world)
    await other.evaluator.follow(world.tenant)
    assert len(other.evaluator.reporting(world.tenant)) == 2
    for _ in range(4):  # 20 minutes, and only a says that it is there
        world.clock.advance(300)
        await world.send(f"h{world.clock.now()}", 2, [], heartbeat=[ids["a"]])
        await world.ports.db.write(web.sign._say)
        await web.reports.exchange()
        await other.reports.exchange()
    other.evaluator.frozen_until = world.clock.now()
    other.evaluator.tick()
    assert len(other.evaluator.reporting(world.tenant)) == 1


async def test_whoever_starts_takes_what_others_heard_within_the_window(world: World) -> None:
    ids = await world.put("a")
    web, _ = await two(world)
    await world.send("1", 1, [], heartbeat=[ids["a"]])
    await web.reports.exchange()
    world.clock.advance(600)
    late = Process(world, "late")
    await late.evaluator.load()
    await late.reports.exchange()
    assert len(late.evaluator.reporting(world.tenant)) == 1


async def test_what_is_told_twice_counts_once_and_subscribers_hear_of_news_only(world: World) -> None:
    ids = await world.put("a")
    web, other = await two(world)
    told: list[int] = []
    other.evaluator.subscribe(lambda tenant, touched, position: told.append(position))
    await world.send("1", 1, [], heartbeat=[ids["a"]])
    await web.reports.exchange()
    for _ in range(3):
        await other.reports.exchange()
    assert len(told) == 1


async def test_nothing_resolves_while_nobody_listens(world: World) -> None:
    web, other = await two(world)
    assert not frozen(world, other), "the web process listens"
    world.clock.advance(16)  # it was killed, and its lease has ended
    await other.reports.exchange()
    assert frozen(world, other)
    world.clock.advance(1000)
    await other.reports.exchange()
    assert frozen(world, other), "still nobody"
    await world.ports.db.write(web.sign._say)
    world.clock.advance(14)
    await other.reports.exchange()
    window = world.ports.limits.reporting
    assert timedelta() < other.evaluator.frozen_until - world.clock.now() < window, (
        "one window more, not for ever"
    )


async def test_one_of_two_listeners_that_goes_without_a_word_freezes_once(world: World) -> None:
    _, other = await two(world)
    second = Process(world, "web-2")
    await world.ports.db.write(second.sign._say)
    world.clock.advance(10)
    await world.ports.db.write(Process(world, "web").sign._say)
    world.clock.advance(6)  # the second one's lease is over, the first one's is not
    await other.reports.exchange()
    until = other.evaluator.frozen_until
    assert until > world.clock.now()
    world.clock.advance(5)
    await other.reports.exchange()
    assert other.evaluator.frozen_until == until


async def test_a_listener_that_is_stopped_says_so(world: World) -> None:
    _, other = await two(world)
    second = Process(world, "web-2")
    await second.sign.start()
    await second.sign.stop()
    world.clock.advance(10)
    await other.reports.exchange()
    assert not frozen(world, other)


def frozen(world: World, process: Process) -> bool:
    return process.evaluator.frozen_until > world.clock.now()
