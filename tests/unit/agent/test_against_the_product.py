"""The real agent against the product's own routes over a socket: this machine becomes one of the systems."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from opulse.agent.link import ServerLink
from opulse.agent.plan import Pace
from opulse.agent.reading_now import sources_of_this_machine
from opulse.agent.run import Agent
from opulse.agent.state_file import AgentMemory
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX
from opulse.tenancy.models import KeyKind
from tests.unit.monitoring.sensors.world import World, open_world

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the collectors are Linux's")

SLOT = "Process 1 Not Running"
NOBODY = {"process": "no-such-process-anywhere", "hold": 0}
MYSELF = {"process": Path(sys.executable).name, "hold": 0}


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The app on a loopback port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()


async def affected(world: World) -> list[str]:
    count = world.evaluator.count(world.tenant, [world.pick(SLOT)], ALL_SYSTEMS_IDX)
    return await world.names(list(count.qualifying))


async def set_variables(world: World, variables: dict[str, object]) -> None:
    answer = await world.client.patch(f"/api/v1/sensors/{SLOT}", json={"variables": variables})
    assert answer.status_code == 200, answer.text
    await world.evaluator.follow(world.tenant)


async def test_a_sensor_of_this_machine_is_counted_and_cleared_by_the_evaluator(
    db: Database, clock: ManualClock, tmp_path: Path
) -> None:
    async with open_world(db, clock) as world, served(world.app) as address:
        systems = await world.put("this machine", "another")
        await set_variables(world, NOBODY)
        key = await world.key(KeyKind.AGENT, systems["this machine"])
        async with ServerLink(address, key) as link:
            memory = AgentMemory(tmp_path / "state.json", clock.now())
            agent = Agent(link, memory, sources_of_this_machine(), Pace())
            await agent.step(clock.now())
            assert await affected(world) == ["this machine"]
            assert len({said.name for said in agent.latest if said.unavailable is None}) >= 10

            await set_variables(world, MYSELF)
            clock.advance(60)
            await agent.step(clock.now())
            assert await affected(world) == []


async def test_a_restarted_agent_replaces_what_the_server_knew(
    db: Database, clock: ManualClock, tmp_path: Path
) -> None:
    async with open_world(db, clock) as world, served(world.app) as address:
        systems = await world.put("this machine")
        stale = {"system": systems["this machine"], "sensor": SLOT, "instance": None, "triggered": True}
        await world.send("earlier", 1, [stale])
        assert await affected(world) == ["this machine"]
        await set_variables(world, MYSELF)
        key = await world.key(KeyKind.AGENT, systems["this machine"])
        async with ServerLink(address, key) as link:
            memory = AgentMemory(tmp_path / "state.json", clock.now())
            await Agent(link, memory, sources_of_this_machine(), Pace()).step(clock.now())
        assert await affected(world) == []
