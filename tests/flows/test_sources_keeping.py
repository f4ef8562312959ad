"""What sources hold, over time: it ends when nobody repeats it, outlives an agent's start, and keeps its system reporting."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
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
