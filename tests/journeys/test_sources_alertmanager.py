"""A real Prometheus Alertmanager tells a real installation over HTTP: a rule file becomes sensors, an alert an activation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from opulse.cli.demo.calling import ApiClient
from tests.faults.world import make_tenant
from tests.servers.alertmanager import Alertmanager
from tests.servers.opulse import COMMAND, OpulseProcess, WorkProcess
from tests.servers.processes import free_port

PATIENCE = 60.0
RULES = """
groups:
- name: workstations
  rules:
  - alert: HighLoad
    expr: node_load1 > 8
    for: 2m
    labels: {severity: critical}
    annotations: {summary: "The load of {{ $labels.instance }} is high."}
  - record: job:load:avg
    expr: avg(node_load1)
"""


@pytest.fixture
def installation(tmp_path: Path, dialect: str, database_url: str) -> Iterator[tuple[OpulseProcess, str]]:
    """One process on SQLite; on PostgreSQL one that takes webhooks and another that decides. And an integration key."""
    data = tmp_path / "installation"
    port = free_port()
    options: dict[str, Any] = {"database_url": database_url, "tick_seconds": 1}
    options["public_url"] = f"http://127.0.0.1:{port}"
    key = make_tenant(data, **options)
    alone = dialect == "sqlite"
    process = OpulseProcess(data, port=port, **options, **({} if alone else {"queues": ""}))
    parts = [process] if alone else [process, WorkProcess(data, "decides", "decisions,jobs", **options)]
    try:
        for part in parts:
            part.start()
        yield process, key
    finally:
        for part in reversed(parts):
            part.stop()


@pytest.mark.stores
async def test_an_alert_fires_through_to_an_activation_and_resolves(
    installation: tuple[OpulseProcess, str], tmp_path: Path
) -> None:
    process, key = installation
    async with ApiClient(process.url, key) as api:
        source, config = await _set_up(api, process.url, key, tmp_path)
        peer = Alertmanager(tmp_path / "alertmanager", config)
        try:
            await _incident(api, source, peer)
        finally:
            peer.stop()


async def _set_up(api: ApiClient, url: str, key: str, folder: Path) -> tuple[str, str]:
    """Systems, sensors from a rule file, a notification, a source; the configuration is the one that its page shows."""
    systems = [{"name": f"ws-{number}"} for number in range(3)]
    taken = (await api.put("/api/v1/systems", {"systems": systems}))["systems"]
    ids = [one["system_id"] for one in taken]
    group = await api.post("/api/v1/groups", {"name": "Workstations", "members": ids})
    assert await _import(url, key, folder, "--check") == "1 sensor would be added"
    assert await _import(url, key, folder) == "1 sensor added"
    assert await _import(url, key, folder) == "0 sensors added"
    await api.post(
        "/api/v1/notifications",
        {
            "name": "Load",
            "sensors": [{"name": "HighLoad"}],
            "group_id": group["group_id"],
            "activation": {"option": "number", "value": 2},
            "recipients": [],
        },
    )
    made = await api.post("/api/v1/sources", {"kind": "alertmanager", "name": "Prometheus"})
    own = await api.post("/api/v1/keys", {"kind": "gateway", "name": "am", "scope": [group["group_id"]]})
    secret = folder / "pulse.key"
    secret.write_text(own["secret"])
    config = (await api.get(f"/api/v1/sources/{made['source_id']}"))["snippet"]
    assert made["receiver"] in config
    for usual, quick in (
        ("/etc/alertmanager/operational-pulse.key", str(secret)),
        ("group_wait: 5s", "group_wait: 1s"),
        ("group_interval: 30s", "group_interval: 1s"),
    ):
        assert usual in config
        config = config.replace(usual, quick)
    return made["source_id"], config


async def _import(url: str, key: str, folder: Path, *options: str) -> str:
    """What the command says of the rule file."""
    file, secret = folder / "rules.yml", folder / "integration.key"
    file.write_text(RULES)
    secret.write_text(key)
    command = ["import", "prometheus-rules", str(file), "--server", url, "--key-file", str(secret), *options]
    process = await asyncio.create_subprocess_exec(
        COMMAND, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    told, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return told.decode().splitlines()[-1].partition(",")[0]


async def _incident(api: ApiClient, source: str, peer: Alertmanager) -> None:
    begun = datetime.now(UTC) - timedelta(minutes=1)
    await _tell(peer, [_alert(f"ws-{number}:9100", begun) for number in range(2)])
    await _tell(peer, [_alert("elsewhere:9100", begun)])
    activation = str(await _until(lambda: _find_activation(api)))
    assert await _affected(api, activation, "atactivation") == ["ws-0", "ws-1"]
    await _until(lambda: _has_fault(api, source))
    (fault,) = (await api.get(f"/api/v1/sources/{source}"))["last_faults"]
    assert (fault["what"], fault["reason"]) == ("HighLoad on elsewhere", "unknown_system")

    await _tell(peer, [_alert("ws-1:9100", begun, datetime.now(UTC))])
    await _until(lambda: _is_affected(api, activation, ["ws-0"]))
    await _tell(peer, [_alert("ws-0:9100", begun, datetime.now(UTC))])
    await _until(lambda: _is_affected(api, activation, []))
    shown = await api.get(f"/api/v1/sources/{source}")
    assert shown["held"] == 0
    async with httpx2.AsyncClient(base_url=peer.url) as client:
        metrics = (await client.get("/metrics")).text
    failed = [
        line for line in metrics.splitlines() if line.startswith("alertmanager_notifications_failed_total")
    ]
    assert [line for line in failed if 'integration="webhook"' in line and not line.endswith(" 0")] == []
    requests = next(line for line in metrics.splitlines() if _counts_webhooks(line))
    assert float(requests.rsplit(" ", 1)[1]) == shown["received"], "nothing was sent twice"


@pytest.mark.faults
@pytest.mark.parametrize("dies", ["before", "after_the_commit"])
async def test_alertmanager_tries_again_when_we_die(tmp_path: Path, dies: str) -> None:
    """What fires while we are away, or just before we die with its states committed and not answered, counts once."""
    data, fault = tmp_path / "installation", tmp_path / "die-at"
    process = OpulseProcess(data, tick_seconds=1, fault_file=fault)
    key = await asyncio.to_thread(make_tenant, data)
    process.start()
    try:
        async with ApiClient(process.url, key) as api:
            source, config = await _set_up(api, process.url, key, tmp_path)
            peer = Alertmanager(tmp_path / "alertmanager", config)
            try:
                if dies == "before":
                    await asyncio.to_thread(process.kill)
                else:
                    fault.write_text("source.held")
                await _tell(peer, [_alert(f"ws-{number}", datetime.now(UTC)) for number in range(2)])
                await _until(lambda: _has_failed(peer))
                assert not fault.exists()
                await asyncio.to_thread(process.kill)  # what is left of it is waited for
                await asyncio.to_thread(process.start)
                assert await _until(lambda: _find_activation(api))
                await _until(lambda: _was_received(api, source))
                assert (await api.get(f"/api/v1/sources/{source}"))["held"] == 2
                assert len((await api.get("/api/v1/activations"))["activations"]) == 1
            finally:
                peer.stop()
    finally:
        process.stop()


async def _was_received(api: ApiClient, source: str) -> bool:
    return int((await api.get(f"/api/v1/sources/{source}"))["received"]) > 0


def _alert(instance: str, begun: datetime, ended: datetime | None = None) -> dict[str, Any]:
    ends = ended or datetime.now(UTC) + timedelta(minutes=5)
    return {
        "labels": {"alertname": "HighLoad", "instance": instance, "severity": "critical"},
        "annotations": {"summary": f"The load of {instance} is high."},
        "startsAt": begun.isoformat(),
        "endsAt": ends.isoformat(),
    }


async def _tell(peer: Alertmanager, alerts: list[dict[str, Any]]) -> None:
    """As Prometheus does."""
    async with httpx2.AsyncClient(base_url=peer.url) as client:
        answer = await client.post("/api/v2/alerts", json=alerts)
        assert answer.status_code == 200, answer.text


async def _find_activation(api: ApiClient) -> str:
    found = (await api.get("/api/v1/activations", state="active"))["activations"]
    return str(found[0]["activation_id"]) if found else ""


async def _affected(api: ApiClient, activation: str, which: str) -> list[str]:
    path = f"/api/sensornotifications/activations/{activation}/systems/{which}"
    return sorted(system["systemName"] for system in (await api.get(path))["systems"])


async def _is_affected(api: ApiClient, activation: str, names: list[str]) -> bool:
    return await _affected(api, activation, "currentlyaffected") == names


async def _has_fault(api: ApiClient, source: str) -> bool:
    return bool((await api.get(f"/api/v1/sources/{source}"))["faults"])


def _counts_webhooks(line: str) -> bool:
    return line.startswith("alertmanager_notification_requests_total") and 'integration="webhook"' in line


async def _has_failed(peer: Alertmanager) -> bool:
    async with httpx2.AsyncClient(base_url=peer.url) as client:
        metrics = (await client.get("/metrics")).text
    name = "alertmanager_notification_requests_failed_total"
    lines = [
        line for line in metrics.splitlines() if line.startswith(name) and 'integration="webhook"' in line
    ]
    return any(float(line.rsplit(" ", 1)[1]) > 0 for line in lines)


async def _until(ask: Callable[[], Awaitable[Any]]) -> Any:
    until = time.monotonic() + PATIENCE
    while not (found := await ask()):
        assert time.monotonic() < until, f"not within {PATIENCE:.0f} s"
        await asyncio.sleep(0.1)
    return found
