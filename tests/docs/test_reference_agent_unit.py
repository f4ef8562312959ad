"""The agent's unit of systemd: it starts a command that exists, and sees the machine as it is."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from opulse.cli.main import app

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy/opulse-agent.service"
OWN_FILE_SYSTEM = (
    "ProtectSystem",
    "ProtectHome",
    "PrivateTmp",
    "PrivateDevices",
    "DynamicUser",
    "ReadOnlyPaths",
    "InaccessiblePaths",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectControlGroups",
    "ProtectProc",
    "ProtectClock",
)
"""Settings in which a service no longer sees the machine: its volumes, devices, programs, the kernel's log, the clock."""


def settings() -> list[tuple[str, str]]:
    lines = (line.partition("=") for line in UNIT.read_text().splitlines() if not line.startswith(("#", "[")))
    return [(name, value) for name, equals, value in lines if equals]


def started() -> list[str]:
    (words,) = (shlex.split(value) for name, value in settings() if name == "ExecStart")
    return words


def test_it_starts_the_agent_with_options_that_there_are() -> None:
    _, *words = started()
    command = typer.main.get_command(app)
    for verb in ("agent", "run"):
        assert words.pop(0) == verb
        command = command.commands[verb]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    assert "--server" in words or "OPULSE_AGENT_SERVER" in UNIT.read_text()
    assert ("EnvironmentFile", "/etc/opulse-agent/agent.env") in settings()


def test_the_key_is_in_a_file_and_the_state_in_the_folder_that_systemd_makes() -> None:
    words = started()
    assert "--key" not in words
    assert words[words.index("--state-file") + 1] == "/var/lib/opulse-agent/state.json"
    assert ("StateDirectory", "opulse-agent") in settings()


def test_it_sees_the_machine_as_it_is_and_is_bounded() -> None:
    names = {name for name, _ in settings()}
    assert names.isdisjoint(OWN_FILE_SYSTEM)
    assert {"CPUQuota", "MemoryMax", "NoNewPrivileges", "CapabilityBoundingSet", "User"} <= names
    assert dict(settings())["User"] != "root"


def test_the_drop_in_for_questions_adds_two_capabilities_and_nothing_else() -> None:
    text = (UNIT.parent / "opulse-agent-desktop.conf").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
    assert lines == [
        f"{name}=CAP_SETUID CAP_SETGID" for name in ("AmbientCapabilities", "CapabilityBoundingSet")
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    """With a command that is there: systemd looks whether it is."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace(started()[0], sys.executable))
    asked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    about_it = [line for line in asked.stderr.splitlines() if UNIT.name in line]
    assert about_it == [], asked.stderr
