"""``opulse doctor`` against a server that runs: how it ends, and what ``--json`` is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.flows.test_systems_cli import server
from tests.servers.opulse import COMMAND, OpulseProcess

__all__ = ["server"]
pytestmark = pytest.mark.long


def run(url: str, *words: str | Path) -> tuple[int, str, str]:
    command: list[str | Path] = [COMMAND, "doctor", "--server", url, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_it_ends_with_1_for_faults_and_2_where_it_cannot_look(server: tuple[OpulseProcess, Path]) -> None:
    process, key = server
    ended, said, refused = run(process.url, "--key-file", key, "--json")
    found = json.loads(said)
    assert found.keys() == {"at", "findings", "unseen"}, refused
    kinds = {one["kind"]: one["severity"] for one in found["findings"]}
    assert kinds["no_relay"] == "fault"  # a new installation has none
    assert ended == 1
    ended, said, _ = run(process.url, "--key-file", key)
    assert (ended, "FAULT relay Mail relay: No mail relay is set." in said) == (1, True)
    ended, said, refused = run(process.url, "--key", "wrong")
    assert (ended, said, refused.startswith("opulse doctor: ")) == (2, "", True)
