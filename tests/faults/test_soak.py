"""The soak in little: incidents one after the other on one process, everybody asked once and answering, memory told."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.house.tree import ROOT


@pytest.mark.long
def test_a_short_soak_asks_everybody_once_per_incident_and_tells_the_memory() -> None:
    command = [sys.executable, "-m", "bench.chaos.soak", "--minutes", "0.3", "--people", "60"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tally = json.loads(done.stdout.splitlines()[-1])
    assert tally["lost_or_doubled"] == 0
    assert tally["mails"] == tally["answers"] == tally["incidents"] * 60
    assert tally["incidents"] > 0
    assert len(tally["memory_mb"]) >= 2
