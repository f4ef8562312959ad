"""``opulse sensors list`` and ``opulse agent sensors`` as programs see them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opulse.catalogue import Platform, load_catalogue

COMMAND = Path(sys.executable).with_name("opulse")
LONGEST_SECONDS = 30
"""A command that takes longer has failed its promise: the program is ended then, and the test with it."""


def run(*words: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [str(COMMAND), *words], capture_output=True, text=True, check=True, timeout=LONGEST_SECONDS
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_list_says_of_every_sensor_what_it_is_and_how_it_decides() -> None:
    rows = run("sensors", "list", "--json")
    assert [row["name"] for row in rows] == [sensor.name for sensor in load_catalogue()]
    for row, sensor in zip(rows, load_catalogue(), strict=True):
        assert {"name", "category", "kind", "severity", "instanced", "platforms", "source"} <= row.keys()
        assert row["source"] == sensor.source
        assert row["severity"] == sensor.severity
        assert row["condition"]["op"] == sensor.condition.op
        assert row["clear"]["op"] == sensor.clear.op
        assert row["variables"] == sensor.variables


def test_a_search_leaves_the_others_out() -> None:
    rows = run("sensors", "list", "--json", "--search", "pressure STALL")
    assert rows
    assert all("pressure stall" in row["name"].casefold() for row in rows)


@pytest.mark.skipif(sys.platform != "linux", reason="the collectors are Linux's")
def test_more_than_sixty_sensors_are_read_on_this_machine() -> None:
    rows = run("agent", "sensors", "--json")
    on_linux = load_catalogue().evaluated_on(Platform.LINUX)
    assert {row["name"] for row in rows} == {sensor.name for sensor in on_linux}
    read = {row["name"] for row in rows if row["value"] is not None}
    assert len(read) >= 60, f"only {len(read)} of {len(on_linux)}"
    silent = [row for row in rows if row["value"] is None and row["instance"] is not None]
    assert all(row["unavailable"] for row in silent)
    for row in rows:
        assert row["source"] == load_catalogue().by_name[row["name"]].source
