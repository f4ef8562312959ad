"""A desktop for tests: stand-ins for ``notify-send`` and ``xdg-open`` that write down what they are given, and session's traces.

The real ones need somebody's screen. What the stand-ins print is what notify-send(1) documents: a number, then the name of the
action that was pressed.
"""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opulse.wire.desktop_prompts import DesktopPrompt

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
ME = pwd.getpwuid(os.geteuid())
LINK = "https://pulse.example.org/s/abcdef"


def prompt(number: int = 1, **changes: Any) -> DesktopPrompt:
    """A question to whoever runs the tests."""
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "user": ME.pw_name,
        "title": "Pulse",
        "text": "How does it <b>affect</b> your work?",
        "button": "Open the questions",
        "link": LINK,
        "show_by": NOW + timedelta(hours=1),
        "ends_at": NOW + timedelta(hours=24),
    }
    return DesktopPrompt(**values | changes)


class Desk:
    """A folder with programs and with what a session leaves in ``/proc``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir(parents=True)
        self.root = folder / "root"
        self.session(ME.pw_uid, "unix:path=/run/user/x/bus")
        self.writes("xdg-open", "exit 0")
        self.presses()

    def session(self, uid: int, bus: str) -> None:
        """A process of a user who has a desktop."""
        process = self.root / f"proc/{1000 + uid}"
        process.mkdir(parents=True, exist_ok=True)
        entries = ("HOME=/elsewhere", f"DBUS_SESSION_BUS_ADDRESS={bus}", "DISPLAY=:7", "SECRET=x")
        (process / "environ").write_bytes("\0".join(entries).encode())
        os.chown(process, uid, -1)

    def writes(self, name: str, then: str) -> None:
        """A program that writes its words, user and environment down, one per line, and goes on with ``then``."""
        kept = self.folder / name
        tells = 'printf "%s\\n" "$@"; echo "uid=$(id -u)"; env; grep ^CapPrm /proc/self/status'
        script = f"#!/bin/sh\n{{ {tells}; }} >>{kept}\n{then}\n"
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)

    def presses(self) -> None:
        """The person presses the button at once."""
        self.writes("notify-send", "echo 7; echo open")

    def waits(self) -> None:
        """The notification stands there."""
        self.writes("notify-send", "echo 7; exec sleep 60")

    def refuses(self, words: str = "no notification service") -> None:
        self.writes("notify-send", f"echo '{words}' >&2; exit 1")

    def said(self, name: str) -> list[str]:
        kept = self.folder / name
        return kept.read_text().splitlines() if kept.exists() else []

    def shown(self) -> int:
        """How often a notification was asked for."""
        return sum(line == "--print-id" for line in self.said("notify-send"))


def until(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for another process. Raises ``AssertionError``."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)
