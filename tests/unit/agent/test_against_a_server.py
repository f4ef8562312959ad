"""The whole agent against a real HTTP server on loopback: start, changes, heartbeat, outage, refusal, stop."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opulse.agent.link import ServerLink
from opulse.agent.plan import Pace
from opulse.agent.reading_now import sources_of_this_machine
from opulse.agent.run import Agent, run_agent
from opulse.agent.state_file import AgentMemory
from opulse.clock import ManualClock, SystemClock
from opulse.wire.sensor_states import decode_batch

from .conftest import PulseServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the collectors are Linux's")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ABSENT = ("Process 1 Not Running", {"process": "no-such-process-anywhere", "hold": 0})
PRESENT = ("Process 2 Not Running", {"process": Path(sys.executable).name, "hold": 0})
THREADS = ("Thread Count", {"limit": 0, "hold": 0})


class Driven:
    """An agent whose steps a test takes, a minute apart unless it says otherwise."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.now = NOON

    async def step(self, seconds: float = 60) -> None:
        self.now += timedelta(seconds=seconds)
        await self.agent.step(self.now)


@asynccontextmanager
async def driven(server: PulseServer, state: Path, key: str = "opk_secret") -> AsyncIterator[Driven]:
    async with ServerLink(server.address, key) as link:
        yield Driven(Agent(link, AgentMemory(state, NOON), sources_of_this_machine(), Pace()))


def said(batch: dict[str, object]) -> list[tuple[str, bool]]:
    changes = batch["changes"]
    assert isinstance(changes, list)
    return [(change["sensor"], change["triggered"]) for change in changes]


async def test_the_first_batch_is_full_and_carries_key_number_and_time(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT, PRESENT)
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
    (batch,) = pulse_server.batches
    assert batch["full"] is True
    assert batch["seq"] > 0
    assert len(batch["batch"]) >= 32
    assert said(batch) == [("Process 1 Not Running", True)]
    assert batch["changes"][0]["at"] == "2026-03-02T12:01:00Z"
    assert batch["changes"][0]["instance"] is None
    assert set(pulse_server.keys) == {"Bearer opk_secret"}


async def test_what_is_sent_is_what_the_server_side_of_the_wire_reads(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT)
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
    read = decode_batch(json.dumps(pulse_server.batches[0]).encode())
    assert read.refused == []
    assert read.batch.full
    assert [(line.sensor, line.instance, line.system) for line in read.batch.changes] == [
        (ABSENT[0], None, None)
    ]


async def test_afterwards_only_changes_are_sent_and_an_empty_batch_as_heartbeat(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT)
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        for _ in range(5):
            await agent.step()
        assert len(pulse_server.batches) == 1
        pulse_server.plans((ABSENT[0], {**ABSENT[1], "process": PRESENT[1]["process"]}))
        await agent.step()
        for _ in range(5):
            await agent.step()
    assert [(batch["full"], said(batch)) for batch in pulse_server.batches] == [
        (True, [("Process 1 Not Running", True)]),
        (False, [("Process 1 Not Running", False)]),
        (False, []),
    ]
    numbers = [batch["seq"] for batch in pulse_server.batches]
    assert numbers == sorted(set(numbers))


async def test_the_plan_is_asked_for_with_its_etag(pulse_server: PulseServer, tmp_path: Path) -> None:
    pulse_server.plans(ABSENT)
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
        await agent.step(15)
        await agent.step()
    assert pulse_server.known_etags == [None, pulse_server.etag]
    async with driven(pulse_server, tmp_path / "state.json") as restarted:
        await restarted.step()
    assert pulse_server.known_etags[-1] == pulse_server.etag
    assert pulse_server.batches[-1]["full"] is True
    assert said(pulse_server.batches[-1]) == [("Process 1 Not Running", True)]


async def test_changes_made_while_the_server_fails_arrive_merged_when_it_is_back(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(PRESENT)
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
        pulse_server.statuses = [503, 503]
        pulse_server.plans(PRESENT, ABSENT)
        await agent.step()
        pulse_server.plans(PRESENT, (ABSENT[0], {**ABSENT[1], "process": PRESENT[1]["process"]}))
        await agent.step(300)
        pulse_server.plans(PRESENT, THREADS)
        await agent.step(300)
    assert [said(batch) for batch in pulse_server.batches] == [
        [],
        [("Process 1 Not Running", True)],
        [("Process 1 Not Running", False)],
        [("Process 1 Not Running", False), ("Thread Count", True)],
    ]


async def test_without_the_server_the_last_plan_is_followed(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT)
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
    pulse_server.plan_status = 503
    async with driven(pulse_server, tmp_path / "state.json") as restarted:
        await restarted.step()
        assert [said.name for said in restarted.agent.latest] == ["Process 1 Not Running"]
    assert len(pulse_server.batches) == 2


async def test_a_server_that_cannot_be_reached_is_left_alone_for_a_while(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    async with ServerLink(f"http://127.0.0.1:{port}", "k") as link:
        agent = Driven(
            Agent(link, AgentMemory(tmp_path / "state.json", NOON), sources_of_this_machine(), Pace())
        )
        for _ in range(3):
            await agent.step(1)
        assert agent.agent.latest == ()


async def test_a_batch_that_is_rejected_is_followed_by_the_whole_set_after_a_rest(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT)
    pulse_server.statuses = [202, 422]
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
        pulse_server.plans(ABSENT, THREADS)
        await agent.step()
        await agent.step()
        assert len(pulse_server.batches) == 2
        await agent.step(300)
    assert pulse_server.batches[2]["full"] is True
    assert said(pulse_server.batches[2]) == [("Process 1 Not Running", True), ("Thread Count", True)]


async def test_a_number_that_the_server_calls_old_leaps_ahead(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT)
    ignored = [{"system": "0b1f6c1a-1f0e-4a86-9d5e-2b7a9f4f1c11", "reason": "old_seq"}]
    pulse_server.answer = {"accepted": 0, "refused": [], "ignored": ignored}
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
        pulse_server.answer = {"accepted": 1, "refused": [], "ignored": []}
        await agent.step()
    first, second = pulse_server.batches
    assert second["seq"] - first["seq"] > 1_000_000_000
    assert second["full"] is True


async def test_refused_lines_are_said_and_not_repeated(
    pulse_server: PulseServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pulse_server.plans(ABSENT)
    refused = [{"index": 0, "reason": "unknown_sensor", "detail": "no such sensor"}]
    pulse_server.answer = {"accepted": 0, "refused": refused, "ignored": []}
    async with driven(pulse_server, tmp_path / "state.json") as agent:
        await agent.step()
        await agent.step()
    assert len(pulse_server.batches) == 1
    assert "the server refused Process 1 Not Running: unknown_sensor" in caplog.text


async def test_while_its_number_cannot_be_kept_nothing_is_sent_and_nothing_is_lost(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT)
    place = tmp_path / "place"
    async with driven(pulse_server, place / "state.json") as agent:
        place.rename(tmp_path / "elsewhere")
        await agent.step()
        assert pulse_server.batches == []
        place.mkdir()
        await agent.step()
    assert said(pulse_server.batches[0]) == [("Process 1 Not Running", True)]


async def test_the_loop_runs_by_its_clock_and_stops_when_told(
    pulse_server: PulseServer, tmp_path: Path
) -> None:
    pulse_server.plans(ABSENT, heartbeat_seconds=120)
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_agent(pulse_server.address, "k", tmp_path / "state.json", ManualClock(NOON), stop)
    )
    assert await asyncio.to_thread(pulse_server.heard, 3)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert [batch["full"] for batch in pulse_server.batches[:3]] == [True, False, False]


async def test_stopping_does_not_wait_for_the_next_sample(pulse_server: PulseServer, tmp_path: Path) -> None:
    pulse_server.plans(ABSENT)
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_agent(pulse_server.address, "k", tmp_path / "s.json", SystemClock(), stop)
    )
    assert await asyncio.to_thread(pulse_server.heard, 1)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert running.exception() is None


@pytest.mark.parametrize(
    "server",
    [
        "",
        "pulse.example.com",
        "ftp://pulse.example.com",
        "https://",
        "http://[",
        "http://a b",
        "http://a:99999",
    ],
)
async def test_an_address_that_is_none_is_refused_at_once(server: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="http or https address"):
        await asyncio.wait_for(run_agent(server, "k", tmp_path / "s.json", SystemClock(), asyncio.Event()), 5)


async def test_a_key_in_clear_text_over_a_network_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    ServerLink("http://pulse.example.com", "k")
    assert "travels unencrypted" in caplog.text
