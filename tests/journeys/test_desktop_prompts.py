"""An incident that broke mail: without a relay the person in front of a machine is asked there, once, though the server dies.

Real: product and agent in processes of their own, the workflows of the guide with *Distribution Method: Desktop*, the page.
Stand-ins: ``notify-send`` and ``xdg-open``, for there is no screen.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opulse.cli.demo.calling import ApiClient
from opulse.clock import SystemClock
from opulse.emulators.people import Respondents, Visit, temper_of
from opulse.emulators.people.answering import SHORTEST_WAY
from tests.faults.world import address, batch_of, make_tenant, make_world, report
from tests.servers.opulse import OpulseProcess
from tests.servers.processes import Server
from tests.unit.agent.desks import ME, Desk

pytestmark = [
    pytest.mark.long,
    pytest.mark.stores,
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="the desktop is Linux's"),
]

NAME = "nomail"
SYSTEMS = 13
PATIENCE = 90.0


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[tuple[OpulseProcess, str]]:
    data = tmp_path / "installation"
    options = {"database_url": database_url, "tick_seconds": 1, "fault_file": tmp_path / "die-at"}
    key = make_tenant(data, **options)
    process = OpulseProcess(data, **options)
    process.start()
    yield process, key
    process.stop()


async def test_who_sits_in_front_is_asked_on_the_desktop_once_though_the_server_dies(
    installation: tuple[OpulseProcess, str], tmp_path: Path
) -> None:
    process, key = installation
    desk = Desk(tmp_path / "desk")
    async with ApiClient(process.url, key) as api:
        incident = (await make_world(api, api, [NAME], SYSTEMS, method="Desktop"))[NAME]
        mine = {"system_id": incident.first[0], "name": f"{NAME}-0", "users": [_me()]}
        assert not (await api.put("/api/v1/systems", {"systems": [mine]}))["refused"]
        assert await report(process.url, key, batch_of(1, incident.first))
        asked = len(incident.first)
        activation = await _until(lambda: _in_states(api, {"offered": asked}), "nobody was asked")
        secret = (
            await api.post("/api/v1/keys", {"kind": "agent", "name": "a", "scope": [mine["system_id"]]})
        )["secret"]
        await asyncio.to_thread((tmp_path / "die-at").write_text, "prompts.reported")
        agent = _agent(process.url, str(secret), desk)
        try:
            await _until(lambda: _is(not (tmp_path / "die-at").exists()), "the server did not die")
            await asyncio.to_thread(process.kill)  # what is left of it is waited for
            await asyncio.to_thread(process.start)
            await _until(lambda: _in_states(api, {"offered": asked - 1, "shown": 1}), "not known as shown")
            await _until(lambda: _is("sensor-states" in _log(desk)), "the agent heard no failure")
            (why,) = await api.get(f"/api/v1/activations/{activation}/why", q=f"{NAME}-0")
            assert (why["state"], why["asked_by"]) == ("shown", "desktop")
            await _answer(desk)
            await _until(lambda: _in_states(api, {"offered": asked - 1, "answered": 1}), "not counted")
            assert desk.shown() == 1
        finally:
            agent.stop()


def _me() -> dict[str, Any]:
    """The person of the first system, by the account under which the tests run."""
    user = {
        "user_id": f"ACME\\{ME.pw_name}",
        "email": address(NAME, 0),
        "first_name": "P0",
        "last_name": NAME,
    }
    return {**user, "is_primary": True, "is_logged_on": True}


def _agent(url: str, key: str, desk: Desk) -> Server:
    module = "tests.journeys.agent_on_a_desk"
    command = [
        sys.executable,
        "-m",
        module,
        url,
        key,
        str(desk.folder / "state.json"),
        str(desk.root),
        ME.pw_name,
    ]
    environment = {**os.environ, "PATH": f"{desk.programs}:{os.environ['PATH']}"}
    return Server(command, desk.folder / "agent.log", environment=environment)


def _log(desk: Desk) -> str:
    """What the agent has said."""
    return (desk.folder / "agent.log").read_text()


async def _answer(desk: Desk) -> None:
    """As the person does whom the button led to the page."""
    link = next(line for line in desk.said("xdg-open") if "/s/" in line)
    await asyncio.sleep(SHORTEST_WAY)
    people = Respondents(SystemClock())
    try:
        await people.answer(Visit(link, "en", temper_of(7, address(NAME, 0), NAME)))
    finally:
        await people.aclose()


async def _in_states(api: ApiClient, wanted: dict[str, int]) -> str:
    """The activation whose ledger says exactly this; else empty."""
    for one in (await api.get("/api/v1/activations"))["activations"]:
        activation = str(one["activation_id"])
        if (await api.get(f"/api/v1/activations/{activation}/ledger"))["states"] == wanted:
            return activation
    return ""


async def _is(fact: bool) -> bool:
    return fact


async def _until(holds: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := await holds()):
        assert time.monotonic() < end, what
        await asyncio.sleep(0.3)
    return found
