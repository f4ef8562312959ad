"""Whether anybody uses the machine: by logind where it answers, else by terminals and the record of logons."""

from __future__ import annotations

import os
import struct
from datetime import timedelta
from pathlib import Path

import pytest

from opulse.agent.linux.usage import Usage
from opulse.agent.sources import Question, Readings, Sources
from opulse.catalogue import Measured, Unavailable
from tests.unit.agent.desks import NOW

RECORD = struct.Struct("<h2xi32s4s32s256shhiii16x20x")
SUNDAY = NOW - timedelta(days=1)
NIGHT = NOW.replace(hour=3)


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """UTC, and no logind unless a test brings one."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))


def read(source: str, root: Path, *terminals: str, now: object = NOW) -> Readings:
    question = Question({}, now)  # type: ignore[arg-type]  # a datetime
    return Sources((Usage(root, lambda: terminals),), absent="none").read(source, question)


def terminal(root: Path, name: str, minutes: float) -> None:
    """Somebody last wrote there so many minutes ago."""
    device = root / "dev" / name
    device.parent.mkdir(parents=True, exist_ok=True)
    device.touch()
    os.utime(device, (NOW.timestamp() - 60 * minutes,) * 2)


def ended(root: Path, days: float, kind: int = 8) -> None:
    """A session ended so many days ago."""
    file = root / "var/log/wtmp"
    file.parent.mkdir(parents=True, exist_ok=True)
    at = int((NOW - timedelta(days=days)).timestamp())
    with file.open("ab") as opened:
        opened.write(RECORD.pack(kind, 1, b"pts/0", b"", b"", b"", 0, 0, 0, at, 0))


def logind(tmp_path: Path, *blocks: str) -> None:
    """Stands in for systemd's own, with the documented output."""
    program = tmp_path / "programs/loginctl"
    program.parent.mkdir(exist_ok=True)
    sessions = ",".join(f'{{"session":"{number}"}}' for number, _ in enumerate(blocks))
    shown = "\\n\\n".join(block.replace("\n", "\\n") for block in blocks)
    program.write_text(
        f"#!/bin/sh\nif [ $1 = list-sessions ]; then echo '[{sessions}]'; else /usr/bin/printf '{shown}\\n'; fi\n"
    )
    program.chmod(0o755)


def block(idle_minutes: float = 0, kind: str = "user", state: str = "active") -> str:
    since = int((NOW - timedelta(minutes=idle_minutes)).timestamp() * 1e6)
    idle = ("yes", since) if idle_minutes else ("no", 0)
    return f"Class={kind}\nState={state}\nIdleHint={idle[0]}\nIdleSinceHint={idle[1]}"


def test_a_terminal_without_a_key_is_idle_and_one_with_is_not(tmp_path: Path) -> None:
    terminal(tmp_path, "pts/0", 300)
    assert read("session.inactive", tmp_path, "pts/0") == Measured(True)
    assert read("usage.unused_days", tmp_path, "pts/0") == Measured(0.21)
    terminal(tmp_path, "pts/1", 1)
    assert read("session.inactive", tmp_path, "pts/1") == Measured(False)
    assert read("session.inactive", tmp_path, "pts/0", "pts/1") == Measured(True)
    assert read("usage.unused_days", tmp_path, "pts/0", "pts/1") == Measured(0.0)
    assert read("session.inactive", tmp_path, ":0") == Measured(False), "what cannot be looked at is used"


def test_nobody_there_since_the_last_session_ended(tmp_path: Path) -> None:
    assert isinstance(read("usage.unused_days", tmp_path), Unavailable)
    ended(tmp_path, 50)
    ended(tmp_path, 40)
    ended(tmp_path, 3, kind=2)  # the machine started, nobody came
    assert read("usage.unused_days", tmp_path) == Measured(40.0)
    assert read("session.inactive", tmp_path) == Measured(False)


def test_logind_knows_desktops_too(tmp_path: Path) -> None:
    logind(tmp_path, block(600), block(0, kind="greeter"), block(0, state="closing"))
    assert read("session.inactive", tmp_path, "pts/9") == Measured(True)
    assert read("usage.unused_days", tmp_path) == Measured(0.42)
    logind(tmp_path, block(0), block(600))
    assert read("usage.unused_days", tmp_path) == Measured(0.0)
    logind(tmp_path)
    ended(tmp_path, 2)
    assert read("usage.unused_days", tmp_path) == Measured(2.0)


def test_a_logind_that_does_not_answer_gives_way_to_the_terminals(tmp_path: Path) -> None:
    program = tmp_path / "programs/loginctl"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'Host is down' >&2; exit 1\n")
    program.chmod(0o755)
    terminal(tmp_path, "pts/0", 30)
    assert read("session.inactive", tmp_path, "pts/0") == Measured(True)


def test_at_the_weekend_and_at_night_it_counts_that_nobody_is_there(tmp_path: Path) -> None:
    assert read("usage.weekend_on_unused", tmp_path, now=SUNDAY) == Measured(True)
    assert read("usage.weekend_on_unused", tmp_path, now=NOW) == Measured(False)
    assert read("usage.overnight_on_unused", tmp_path, now=NIGHT) == Measured(True)
    assert read("usage.overnight_on_unused", tmp_path, now=NOW) == Measured(False)
    logind(tmp_path, block(0))
    assert read("usage.weekend_on_unused", tmp_path, now=SUNDAY) == Measured(False)
    assert read("usage.overnight_on_unused", tmp_path, now=NIGHT) == Measured(False)
