"""The example package, found by its entry point as an installed distribution is, installed in a tenant, and run."""

from __future__ import annotations

import importlib
import json
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from opulse.bootstrap.stages import load_extensions
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.workflows import find_extension, registry
from tests.unit.experience.extensions.pulse import Pulse, open_pulse
from tests.unit.outbound.loopback import Asked, LoopbackServer, answer, running

pytestmark = pytest.mark.stores
EXAMPLE = Path(__file__).parents[2] / "examples" / "opulse-ticket"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package on the path with the metadata that an installer writes from its ``pyproject.toml``."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    [(name, value)] = project["entry-points"]["opulse.extensions"].items()
    facts = tmp_path / "opulse_ticket-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n")
    (facts / "entry_points.txt").write_text(f"[opulse.extensions]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(EXAMPLE / "src"))
    importlib.invalidate_caches()
    before = dict(registry._EXTENSIONS)
    load_extensions()
    yield
    registry._EXTENSIONS.clear()
    registry._EXTENSIONS.update(before)
    sys.modules.pop("opulse_ticket", None)


@pytest.fixture
async def pulse(installed: None, db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        yield opened


@pytest.fixture
async def desk() -> AsyncIterator[LoopbackServer]:
    async def reply(_: Asked) -> bytes:
        return answer(201, json.dumps({"number": "T-9"}).encode())

    async with running() as opened:
        opened.reply = reply
        yield opened


async def make(pulse: Pulse, account: str, expect: int = 201) -> Any:
    tasks = [
        {
            "id": "ticket",
            "type": "ticket.open",
            "account": account,
            "form": {"summary": "Disk ${a://Field/text}", "priority": "high"},
        },
    ]
    body = {
        "name": "Ticket",
        "trigger": {"type": "json_event", "form": {"fields": [{"name": "text", "path": "text"}]}},
        "tasks": tasks,
    }
    return await pulse.api("POST", "/workflows", body, expect)


async def run(pulse: Pulse, made: Any) -> dict[str, Any]:
    posted = await pulse.client.post(made["trigger_url"], json={"text": "full"})
    await pulse.work()
    found = await pulse.run(posted.json()["result"]["runId"])
    task: dict[str, Any] = found["tasks"][0]
    return task


async def test_it_is_offered_installed_and_run_with_its_account(pulse: Pulse, desk: LoopbackServer) -> None:
    offered = {one["name"]: one for one in await pulse.api("GET", "/extensions")}["ticket"]
    assert (offered["installed"], offered["domains"], offered["tasks"]) == (
        False,
        ["desk.example.com"],
        ["ticket.open"],
    )
    refused = await make(pulse, "", 422)
    assert "install the extension 'Tickets' first" in refused["detail"]
    await pulse.api("POST", "/extensions/ticket/install", {"domains": ["127.0.0.1"]}, 204)
    fields = {"address": f"http://127.0.0.1:{desk.port}/tickets", "key": "k3y"}
    account = await pulse.api("POST", "/extensions/ticket/accounts", {"name": "Desk", "fields": fields}, 201)
    task = await run(pulse, await make(pulse, account["id"]))
    assert (task["state"], task["output"]) == ("succeeded", {"number": "T-9"})
    [asked] = desk.asked
    assert asked.headers["authorization"] == "Bearer k3y"
    assert json.loads(asked.body) == {"summary": "Disk full", "text": "", "priority": "high"}
    assert asked.headers["idempotency-key"] == task["id"]


async def test_it_reaches_no_host_that_was_not_accepted(pulse: Pulse, desk: LoopbackServer) -> None:
    await pulse.api("POST", "/extensions/ticket/install", {}, 204)
    fields = {"address": f"http://127.0.0.1:{desk.port}/tickets", "key": "k3y"}
    account = await pulse.api("POST", "/extensions/ticket/accounts", {"name": "Desk", "fields": fields}, 201)
    task = await run(pulse, await make(pulse, account["id"]))
    assert task["state"] == "failed"
    assert "127.0.0.1 is not among the domains that this extension may call" in task["error"]
    assert desk.asked == []
    extension = find_extension("ticket")
    assert extension is not None
    assert not extension.built_in
