"""From asking to the notification and back: the real agent, the product's own routes over a socket, and a desk of stand-ins."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from opulse.agent.attendance import Attendance
from opulse.agent.link import ServerLink
from opulse.agent.linux.desktop import LinuxDesktop
from opulse.agent.plan import Pace
from opulse.agent.prompts import Prompter
from opulse.agent.run import Agent
from opulse.agent.sources import Sources
from opulse.agent.state_file import AgentMemory
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.distributions import Channel
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.prompts.flow.exchange import DesktopPrompts
from opulse.tenancy.models import KeyKind
from opulse.wire.sensor_states import LoggedOnUser
from opulse.wire.tokens import LinkPurpose
from tests.unit.agent.desks import ME, Desk, until
from tests.unit.agent.test_against_the_product import served
from tests.unit.experience.distributions.town import Town, build_town
from tests.unit.monitoring.sensors.world import World, open_world

pytestmark = pytest.mark.stores


@dataclass
class Machine:
    """This machine as a system on which the person u1 is logged on, under the name of whoever runs the tests."""

    world: World
    town: Town
    desk: Desk
    link: ServerLink
    file: Path

    def start(self) -> Agent:
        """As after a restart."""
        memory = AgentMemory(self.file, self.world.clock.now())
        prompter = Prompter(
            LinuxDesktop(lambda: [ME.pw_name], self.desk.root), memory, self.world.clock.now()
        )
        here = Attendance(lambda: [LoggedOnUser(ME.pw_name)])
        return Agent(self.link, memory, Sources((), "none here"), Pace(), here, prompter)

    async def minute(self, agent: Agent) -> None:
        self.world.clock.advance(60)
        await agent.step(self.world.clock.now())

    async def states(self) -> dict[str, int]:
        return dict(await self.town.states())


@pytest.fixture
async def machine(
    db: Database, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Machine]:
    async with open_machine(db, clock, tmp_path) as made:
        monkeypatch.setenv("PATH", f"{made.desk.programs}:{os.environ['PATH']}")
        yield made


@asynccontextmanager
async def open_machine(db: Database, clock: ManualClock, folder: Path) -> AsyncIterator[Machine]:
    async with open_world(db, clock) as world, served(world.app) as address:
        world.app.state.prompts = DesktopPrompts(world.ports)
        town = await build_town(world.ports, 3, tenant=world.tenant)
        user = {"user_id": f"EXAMPLE\\{ME.pw_name}", "email": "user1@example.org"}
        systems = await world.put("this machine", users=[user])
        key = await world.key(KeyKind.AGENT, systems["this machine"])
        async with ServerLink(address, key) as link:
            yield Machine(world, town, Desk(folder), link, folder / "state.json")


async def test_the_person_in_front_of_it_is_asked_once_and_it_is_known(machine: Machine) -> None:
    agent = machine.start()
    await machine.minute(agent)
    assert machine.desk.shown() == 0
    request = machine.town.request(channel=Channel.DESKTOP)
    await ask(machine.world.ports, request)
    await machine.minute(agent)
    assert machine.desk.shown() == 1
    await machine.minute(agent)
    assert await machine.states() == {"offered": 2, "shown": 1}
    await asyncio.to_thread(
        until, lambda: any("/s/" in line for line in machine.desk.said("xdg-open")), "not opened"
    )
    link = next(line for line in machine.desk.said("xdg-open") if "/s/" in line)
    opened = machine.world.ports.links.read(LinkPurpose.ANSWER, link.rsplit("/", 1)[1])
    assert opened is not None
    assert (await machine.town.row(opened[1].hex()))["email"] == "User1@example.org"
    for _ in range(2):
        await machine.minute(agent)
    assert machine.desk.shown() == 1


async def test_an_agent_that_ends_before_it_could_tell_tells_it_after_its_restart(machine: Machine) -> None:
    agent = machine.start()
    await ask(machine.world.ports, machine.town.request(channel=Channel.DESKTOP))
    await machine.minute(agent)
    assert machine.desk.shown() == 1
    assert await machine.states() == {"offered": 3}
    await machine.minute(machine.start())
    assert await machine.states() == {"offered": 2, "shown": 1}
    assert machine.desk.shown() == 1


async def test_a_desk_that_cannot_show_says_why_and_shows_it_when_it_can(machine: Machine) -> None:
    machine.desk.refuses()
    agent = machine.start()
    await ask(machine.world.ports, machine.town.request(channel=Channel.DESKTOP))
    await machine.minute(agent)
    await machine.minute(agent)
    assert await machine.states() == {"offered": 3}
    machine.desk.presses()
    for _ in range(2):
        await machine.minute(agent)
    assert await machine.states() == {"offered": 2, "shown": 1}
