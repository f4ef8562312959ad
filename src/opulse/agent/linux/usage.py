"""Whether anybody uses this machine: what logind says of sessions, else the terminals of ``utmp``, and the record of logons.

org.freedesktop.login1(5): ``IdleHint`` of a session, set by desktops and for terminals after a time without a key, and
``IdleSinceHint`` in microseconds. utmp(5): the last end of a session stands in ``wtmp``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psutil

from opulse.agent.linux.login_records import DEAD_PROCESS, USER_PROCESS, read_login_records
from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

IDLE_AFTER = timedelta(minutes=5)
"""A terminal without a key for so long is idle: what logind takes for terminals too."""
_SATURDAY = 5
_NIGHT_BEGINS, _NIGHT_ENDS = 22, 6
_SECONDS_PER_DAY = 86_400
_PROPERTIES = "--property=Class,State,IdleHint,IdleSinceHint"


class Seat(NamedTuple):
    """One session of a person. ``idle_since`` None: it is used now."""

    idle_since: datetime | None


class Usage:
    """Sessions now, and the last one that ended."""

    def __init__(self, root: Path = Path("/"), terminals: Callable[[], Sequence[str]] | None = None) -> None:
        """``terminals``: those on which somebody is logged on (``pts/0``); None: as ``utmp`` says."""
        self._root = root
        self._terminals = terminals or _terminals

    def sample(self) -> None:
        """Nothing to note: the records keep the past."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "session.inactive": self._inactive,
            "usage.unused_days": self._unused_days,
            "usage.weekend_on_unused": self._weekend,
            "usage.overnight_on_unused": self._overnight,
        }

    def _inactive(self, question: Question) -> Reading:
        """Whether a session stays open that nobody uses."""
        return Measured(any(seat.idle_since is not None for seat in self._seats(question.now)))

    def _weekend(self, question: Question) -> Reading:
        local = question.now.astimezone()
        return Measured(local.weekday() >= _SATURDAY and not self._is_used(question.now))

    def _overnight(self, question: Question) -> Reading:
        hour = question.now.astimezone().hour
        return Measured((hour >= _NIGHT_BEGINS or hour < _NIGHT_ENDS) and not self._is_used(question.now))

    def _unused_days(self, question: Question) -> Reading:
        """0 while somebody uses it; else since the last session became idle or ended."""
        seats = self._seats(question.now)
        if any(seat.idle_since is None for seat in seats):
            return Measured(0.0)
        ends = [seat.idle_since for seat in seats if seat.idle_since is not None] or self._last_ends()
        if not ends:
            return Unavailable("this system has no record of anybody's session")
        return Measured(round(max(0.0, (question.now - max(ends)).total_seconds()) / _SECONDS_PER_DAY, 2))

    def _is_used(self, now: datetime) -> bool:
        return any(seat.idle_since is None for seat in self._seats(now))

    def _seats(self, now: datetime) -> list[Seat]:
        found = _from_logind()
        return [self._terminal(name, now) for name in self._terminals()] if found is None else found

    def _terminal(self, name: str, now: datetime) -> Seat:
        """By the time at which somebody last wrote there, as ``w`` shows it; one that cannot be looked at is used."""
        device = self._root / "dev" / name
        if not device.exists():
            return Seat(None)
        used = datetime.fromtimestamp(device.stat().st_atime, UTC)
        return Seat(used if now - used >= IDLE_AFTER else None)

    def _last_ends(self) -> list[datetime]:
        records = self._root / "var/log/wtmp"
        if not records.exists():
            return []
        return [
            record.at
            for record in read_login_records(records)
            if record.kind in (DEAD_PROCESS, USER_PROCESS) and record.line
        ]


def _from_logind() -> list[Seat] | None:
    """The sessions of people; None: there is no logind to ask."""
    if shutil.which("loginctl") is None:
        return None
    try:
        listed = json.loads(ask("loginctl", "list-sessions", "--output=json", "--no-pager") or "[]")
        names = [str(one["session"]) for one in listed]
        said = ask("loginctl", "show-session", _PROPERTIES, "--", *names) if names else ""
    except (ValueError, KeyError, subprocess.SubprocessError):
        return None
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in said.strip().split("\n\n")
    ]
    return [
        _seat(block) for block in blocks if block.get("Class") == "user" and block.get("State") != "closing"
    ]


def _seat(block: Mapping[str, str]) -> Seat:
    if block.get("IdleHint") != "yes":
        return Seat(None)
    return Seat(datetime.fromtimestamp(int(block.get("IdleSinceHint", "0")) / 1e6, UTC))


def _terminals() -> list[str]:
    return [user.terminal for user in psutil.users() if user.terminal]
