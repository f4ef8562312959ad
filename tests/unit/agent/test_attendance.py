"""What the agent says of who is logged on: with the first batch, when it changes, and once an hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from opulse.agent.attendance import Attendance
from opulse.agent.link import ServerLink
from opulse.agent.plan import Pace
from opulse.agent.run import Agent
from opulse.agent.sources import Sources
from opulse.agent.state_file import AgentMemory
from opulse.wire.sensor_states import LoggedOnUser
from tests.unit.agent.conftest import PulseServer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Desk:
    """Who sits there; a look may fail."""

    def __init__(self, *users: str) -> None:
        self.users: tuple[str, ...] | None = users

    def look(self) -> Sequence[LoggedOnUser]:
        if self.users is None:
            raise OSError("no utmp")
        return [LoggedOnUser(user) for user in self.users]


def told(server: PulseServer) -> list[list[str] | None]:
    return [
        None if batch["users"] is None else [user["user"] for user in batch["users"]]
        for batch in server.batches
    ]


async def test_users_go_with_the_first_batch_with_a_change_and_once_an_hour(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(heartbeat_seconds=60)
    desk = Desk("maya")
    async with ServerLink(pulse_server.address, "k") as link:
        memory = AgentMemory(tmp_path / "state.json", NOON)
        agent = Agent(link, memory, Sources([], absent="none"), Pace(), Attendance(desk.look))
        await agent.step(NOON)
        await agent.step(NOON + timedelta(minutes=1))
        desk.users = ("maya", "tom")
        await agent.step(NOON + timedelta(minutes=2))
        desk.users = None
        await agent.step(NOON + timedelta(minutes=3))
        desk.users = ()
        await agent.step(NOON + timedelta(minutes=4))
        await agent.step(NOON + timedelta(minutes=5))
        await agent.step(NOON + timedelta(minutes=64))
    assert told(pulse_server) == [["maya"], None, ["maya", "tom"], None, [], None, []]


async def test_what_the_server_did_not_take_is_said_again(pulse_server: PulseServer, tmp_path: Path) -> None:
    pulse_server.plans(heartbeat_seconds=3600)
    pulse_server.statuses = [503]
    desk = Desk("maya")
    async with ServerLink(pulse_server.address, "k") as link:
        memory = AgentMemory(tmp_path / "state.json", NOON)
        agent = Agent(link, memory, Sources([], absent="none"), Pace(), Attendance(desk.look))
        await agent.step(NOON)
        desk.users = ("tom",)
        await agent.step(NOON + timedelta(minutes=10))
        await agent.step(NOON + timedelta(minutes=11))
    assert told(pulse_server) == [["maya"], ["tom"]]


async def test_an_agent_that_is_told_not_to_says_nothing(pulse_server: PulseServer, tmp_path: Path) -> None:
    async with ServerLink(pulse_server.address, "k") as link:
        memory = AgentMemory(tmp_path / "state.json", NOON)
        agent = Agent(link, memory, Sources([], absent="none"), Pace(), Attendance(None))
        await agent.step(NOON)
    assert told(pulse_server) == [None]
