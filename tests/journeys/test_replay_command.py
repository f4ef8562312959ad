"""``opulse replay`` against a running installation."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from tests.faults.world import make_tenant
from tests.servers.opulse import COMMAND, OpulseProcess

SENSOR = "Low Available Disk Space"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[tuple[OpulseProcess, str]]:
    data = tmp_path / "installation"
    key = make_tenant(data, database_url="")
    process = OpulseProcess(data, database_url="")
    process.start()
    yield process, key
    process.stop()


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(COMMAND), "replay", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_draft_in_a_file_and_what_is_said_of_it(
    installation: tuple[OpulseProcess, str], tmp_path: Path
) -> None:
    process, key = installation
    secret = tmp_path / "key"
    secret.write_text(key)
    began = datetime.now(UTC) - timedelta(seconds=1)
    with httpx2.Client(
        base_url=process.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ) as client:
        client.put("/api/v1/systems", json={"systems": [{"name": "PC-1"}, {"name": "PC-2"}]})
        systems = client.get("/api/v1/systems").json()["systems"]
        states = [{"system": one["system_id"], "sensor": SENSOR, "triggered": True} for one in systems]
        answer = client.post("/api/v1/sensor-states", json={"batch": "1", "seq": 1, "changes": states})
        assert answer.status_code == 202, answer.text
        group = client.get("/api/v1/groups").json()["groups"][0]["group_id"]
    draft = tmp_path / "draft.yaml"
    draft.write_text(
        f"name: Disks\nsensors: [{{name: {SENSOR}}}]\ngroup_id: {group}\nactivation: {{option: number, value: 2}}\n"
    )
    time.sleep(1)
    span = ("--from", began.isoformat(), "--to", datetime.now(UTC).isoformat())
    asked = ("--notification", draft, *span, "--server", process.url, "--key-file", secret)
    done = run(*asked, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["systems"] for one in found["activations"]] == [["PC-1", "PC-2"]]
    words = run(*asked)
    assert "1 activation(s); 2 system(s) at once at most" in words.stdout
    assert "heartbeats are not stored" in words.stdout


def test_bad_input_says_what_to_do(installation: tuple[OpulseProcess, str], tmp_path: Path) -> None:
    process, key = installation
    span = ("--from", "2026-01-01", "--to", "2026-01-02")
    reached = ("--server", process.url, "--key", key)
    assert "is no time" in run("--notification", "x", "--from", "soon", "--to", "2026-01-02", *reached).stderr
    assert "404" in run("--notification", "no-such-one", *span, *reached).stderr
    assert "a key" in run("--notification", "x", *span, "--server", process.url).stderr
    assert (
        "does not answer"
        in run("--notification", "x", *span, "--server", "http://127.0.0.1:9", "--key", "k").stderr
    )
    bad = tmp_path / "bad.yaml"
    bad.write_text("- a list")
    assert "holds no notification" in run("--notification", bad, *span, *reached).stderr
    bad.write_text("name: x\nsensors: []\ngroup_id: ''\nactivation: {option: any}\n")
    done = run("--notification", bad, *span, *reached)
    assert done.returncode == 2
    assert "422" in done.stderr
