"""What sources hold, over time: it ends when nobody repeats it, outlives an agent's start, and keeps its system reporting."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sources.flow.keeping import Keeper
from opulse.monitoring.sources.flow.receiving import receive
from opulse.monitoring.sources.models import Delivery
from opulse.monitoring.sources.store.holds import list_held
from opulse.web.roles import Caller, Role
from tests.unit.monitoring.activations.world import Wing
from tests.unit.monitoring.sources.world import (
    ALARM,
    add_source,
    alert,
    failing,
    hit,
    keep,
    notice,
    open_sources,
    seen,
    send,
)

pytestmark = pytest.mark.stores
POLICY = "Disk encryption is on"
HOUR = 3600
START = datetime(2026, 11, 23, 12, tzinfo=UTC)  # the clock's


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_sources(db, clock) as made:
        yield made


async def pass_time(wing: Wing, seconds: float) -> None:
    """The keeper looks every ten minutes."""
    while seconds > 0:
        step = min(seconds, 600)
        wing.clock.advance(step)
        seconds -= step
        wing.evaluator.tick()
        await keep(wing)


async def test_a_host_that_fleet_does_not_name_again_is_cleared_after_its_time_to_live(wing: Wing) -> None:
    await wing.put("a", "b")
    source = await add_source(wing, "fleet", life_seconds=4 * HOUR)
    await send(wing, source, failing("a", "b"))
    await pass_time(wing, 3 * HOUR)
    assert await hit(wing, POLICY) == ["a", "b"]
    await send(wing, source, failing("a"))
    await pass_time(wing, 2 * HOUR)
    assert await hit(wing, POLICY) == ["a"]
    await pass_time(wing, 3 * HOUR)
    assert await hit(wing, POLICY) == []
    assert (await seen(wing, source))["held"] == 0


async def test_a_held_system_reports_as_long_as_it_is_held(wing: Wing) -> None:
    """Alertmanager repeats every four hours; a system without an agent must not fall silent after a quarter of one."""
    await wing.put("a", "b")
    source = await add_source(wing, life_seconds=0)
    await send(wing, source, notice(alert("a")))
    await wing.notify([ALARM])
    await pass_time(wing, 5 * HOUR)
    assert await hit(wing, ALARM) == ["a"]
    await send(wing, source, notice(alert("a", "resolved") | {"endsAt": "2026-11-23T17:00:00Z"}))
    await pass_time(wing, HOUR)
    assert len(wing.evaluator.reporting(wing.tenant)) == 0


async def test_what_is_held_comes_back_after_an_agent_replaced_all_bits(wing: Wing) -> None:
    ids = await wing.put("a")
    source = await add_source(wing, settings={"instance_label": "device"})
    await send(wing, source, notice(alert("a", device="sda")))
    await wing.send("1", 1, [], full=True, heartbeat=[ids["a"]])
    assert await hit(wing, ALARM) == []
    await keep(wing)
    assert await hit(wing, ALARM, "sda") == ["a"]
    position = wing.evaluator.position(wing.tenant)
    await keep(wing)
    assert wing.evaluator.position(wing.tenant) == position, "nothing was missing any more"
    await send(wing, source, notice(alert("a", "resolved", device="sda")))
    await keep(wing)
    assert await hit(wing, ALARM) == []


@pytest.mark.parametrize("ending", ["off", "delete"])
async def test_a_source_that_goes_lets_go_of_what_it_holds(wing: Wing, ending: str) -> None:
    await wing.put("a", "b")
    source, other = await add_source(wing), await add_source(wing, name="other")
    await send(wing, source, notice(alert("a"), alert("b")))
    await send(wing, other, notice(alert("b")))
    if ending == "off":
        body = {"kind": "alertmanager", "name": "off", "enabled": False}
        assert (await wing.client.put(f"/api/v1/sources/{source}", json=body)).status_code == 200
        assert (await seen(wing, source))["held"] == 0
    else:
        assert (await wing.client.delete(f"/api/v1/sources/{source}")).status_code == 204
        assert (await wing.client.get(f"/api/v1/sources/{source}")).status_code == 404
    assert await hit(wing, ALARM) == ["b"]


async def test_a_new_time_to_live_counts_for_what_is_held(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing, life_seconds=0)
    await send(wing, source, notice(alert("a")))
    body = {"kind": "alertmanager", "name": "am", "life_seconds": HOUR}
    assert (await wing.client.put(f"/api/v1/sources/{source}", json=body)).json()["life_seconds"] == HOUR
    await pass_time(wing, 2 * HOUR)
    assert await hit(wing, ALARM) == []


async def test_a_deleted_system_is_not_vouched_for(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    source = await add_source(wing, life_seconds=0)
    await send(wing, source, notice(alert("a"), alert("b")))
    assert (await wing.client.delete(f"/api/v1/systems/{ids['a']}")).status_code == 204
    await wing.evaluator.follow(wing.tenant)
    await keep(wing)
    assert await hit(wing, ALARM) == ["b"]
    assert len(wing.evaluator.reporting(wing.tenant)) == 1


async def test_the_keeper_works_by_itself_and_only_for_what_it_owns(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing, life_seconds=60)
    await send(wing, source, notice(alert("a")))
    keeper = Keeper(wing.ports, wing.evaluator)
    wing.evaluator.keeps_snapshot = lambda tenant: False
    await keeper.start()
    while wing.clock.now() < START + timedelta(minutes=5):  # noqa: ASYNC110  # the clock moves with whoever sleeps
        await asyncio.sleep(0)
    await keeper.stop()
    assert await hit(wing, ALARM) == ["a"], "another process owns the tenant"
    wing.evaluator.keeps_snapshot = lambda tenant: True
    await keeper.start()
    while await hit(wing, ALARM):  # noqa: ASYNC110  # polled
        await asyncio.sleep(0.01)
    await keeper.stop()
    assert (await seen(wing, source))["held"] == 0


async def test_two_processes_that_take_at_once_agree_on_what_is_triggered(wing: Wing) -> None:
    """Each webhook is decided under one lock and journaled in that order: in the end the bits are what is held."""
    names = [f"s{number}" for number in range(6)]
    await wing.put(*names)
    sources = [await add_source(wing, name=f"source {number}") for number in range(2)]
    other = Evaluator(wing.ports.db, wing.clock, wing.ports.limits)
    await other.load()
    chance = random.Random(7)  # a shuffle, no secret
    bodies = [
        notice(*(alert(name, chance.choice(["firing", "resolved"]), device=str(device)) for name in names))
        for device in range(3)
        for _ in range(8)
    ]

    async def tell(number: int, body: dict[str, Any]) -> None:
        evaluator = other if number % 3 else wing.evaluator
        delivery = Delivery(json.dumps(body).encode())
        caller = Caller(wing.tenant, Role.INTEGRATION, "test", key_id="k")
        taken = await receive(wing.ports, evaluator, caller, sources[number % 2], delivery)
        assert taken is not None and taken.left == []

    await asyncio.gather(*(tell(number, body) for number, body in enumerate(bodies)))
    held = {system for _, _, system in await wing.ports.db.read(list_held, wing.tenant)}
    for evaluator in (wing.evaluator, other):
        await evaluator.follow(wing.tenant)
        estate = evaluator.estate(wing.tenant)
        assert estate is not None
        assert set(estate.triggered.systems(wing.sensor(ALARM), None)) == held
