"""The agent's own wheel in an environment without the product: it reads this machine and its states arrive at a real server."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from opulse.catalogue import Platform, load_catalogue
from opulse.cli.demo.calling import ApiClient
from tests.docs.locked import AGENT_LOCK, install, make_environment
from tests.faults.world import make_tenant
from tests.house.tree import ROOT, SOURCE, tracked_files
from tests.servers.opulse import OpulseProcess
from tests.servers.processes import Server
from tools.build_agent_wheel import build

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the collectors are Linux's")

PATIENCE = 90.0
SLOT = "Process 1 Not Running"
WIRE = {"__init__.py", "agent_config.py", "desktop_prompts.py", "errors.py", "sensor_states.py"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment with the agent's lock and its wheel, and nothing of the product."""
    made = make_environment(tmp_path_factory.mktemp("clean") / "environment", AGENT_LOCK)
    install(made, wheel)
    return made


def run(programs: Path, *words: str) -> str:
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(programs), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [programs / words[0], *words[1:]], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_holds_agent_catalogue_and_their_part_of_the_wire(wheel: Path) -> None:
    own = ("agent/", "catalogue/")
    tracked = {path.relative_to(SOURCE) for path in tracked_files() if path.is_relative_to(SOURCE)}
    wanted = {f"opulse/{path}" for path in tracked if str(path).startswith(own)}
    wanted |= {f"opulse/{name}" for name in ("__init__.py", "clock.py", "py.typed", "agent/LICENSE")}
    wanted |= {f"opulse/wire/{name}" for name in WIRE}
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_make_builds_it_by_one_target() -> None:
    assert re.search(
        r"^agent-wheel: .+\n.*tools\.build_agent_wheel dist$", (ROOT / "Makefile").read_text(), re.M
    )


def test_its_lock_is_all_it_needs_and_the_product_is_not_there(programs: Path) -> None:
    assert "No broken requirements" in run(programs, "python", "-m", "pip", "check")
    script = "from importlib.util import find_spec as f; print(f('opulse.agent') is None, f('opulse.cli'), f('typer'))"
    assert run(programs, "python", "-c", script).split() == ["False", "None", "None"]


def test_it_reads_this_machine_within_30_s(programs: Path) -> None:
    begun = time.monotonic()
    said = json.loads(run(programs, "opulse-agent", "sensors", "--json"))
    assert time.monotonic() - begun < 30
    assert {one["name"] for one in said} == {
        one.name for one in load_catalogue().evaluated_on(Platform.LINUX)
    }
    assert len({one["name"] for one in said if one["value"] is not None}) >= 60


def test_wrong_use_says_what_to_do(programs: Path) -> None:
    done = subprocess.run(
        [programs / "opulse-agent", "run", "--server", "https://pulse.example.org"],
        capture_output=True, text=True, check=False, env={"HOME": str(programs)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "--key-file" in done.stderr


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[tuple[OpulseProcess, str]]:
    data = tmp_path / "installation"
    key = make_tenant(data)
    process = OpulseProcess(data, tick_seconds=1)
    process.start()
    yield process, key
    process.stop()


async def test_it_runs_against_a_real_server_and_its_states_arrive(
    installation: tuple[OpulseProcess, str], programs: Path, tmp_path: Path
) -> None:
    process, key = installation
    async with ApiClient(process.url, key) as api:
        secret = await _watch_this_machine(api)
        key_file, log = tmp_path / "agent.key", tmp_path / "agent.log"
        await asyncio.to_thread(key_file.write_text, secret)
        command: list[str | Path] = [programs / "opulse-agent", "run", "--server", process.url]
        command += ["--key-file", key_file, "--state-file", tmp_path / "state.json"]
        agent = Server(command, log, environment={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        try:
            assert await _first_activation(api, log) == 1
        finally:
            agent.stop()


async def _watch_this_machine(api: ApiClient) -> str:
    """Its agent's key. One sensor is set so that it must trigger, and a notification looks at it."""
    taken = (await api.put("/api/v1/systems", {"systems": [{"name": "this machine"}]}))["systems"]
    system = str(taken[0]["system_id"])
    await api.patch(f"/api/v1/sensors/{SLOT}", {"variables": {"process": "no-such-process", "hold": 0}})
    group = await api.post("/api/v1/groups", {"name": "Here", "members": [system]})
    notification = {
        "name": "Not running",
        "sensors": [{"name": SLOT}],
        "group_id": group["group_id"],
        "activation": {"option": "number", "value": 1},
        "recipients": [],
    }
    await api.post("/api/v1/notifications", notification)
    made = await api.post("/api/v1/keys", {"kind": "agent", "name": "this", "scope": [system]})
    return str(made["secret"])


async def _first_activation(api: ApiClient, log: Path) -> int:
    """How many activations there are, as soon as there is one."""
    until = time.monotonic() + PATIENCE
    while not (found := (await api.get("/api/v1/activations"))["activations"]):
        assert time.monotonic() < until, await asyncio.to_thread(log.read_text)
        await asyncio.sleep(0.5)
    return len(found)
