"""Installed software, and how the system's own disk is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_LISTS = ("var/lib/apt/lists", "var/cache/dnf", "var/cache/yum", "var/lib/pacman/sync", "var/cache/zypp/raw")
_HALF = frozenset({"half-installed", "half-configured", "unpacked", "triggers-awaited", "triggers-pending"})
"""States of dpkg that an undisturbed installation passes through and leaves (dpkg(1))."""
_SECONDS_PER_DAY = 86_400


class Packages:
    """The package manager's own files; nothing is installed, refreshed or asked for."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._status: tuple[float, int] | None = None

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "software.package_lists_age_days": self._lists_age,
            "software.half_installed_count": self._half_installed,
            "software.support_days_left": self._support,
            "encryption.system_disk_off": self._not_encrypted,
        }

    def _lists_age(self, question: Question) -> Reading:
        """How long ago the system last looked for updates."""
        there = [path for name in _LISTS if (path := self._root / name).is_dir()]
        if not there:
            return Unavailable("this system has no lists of packages that we know")
        newest = max(path.stat().st_mtime for folder in there for path in (folder, *folder.iterdir()))
        return Measured(round(max(0.0, question.now.timestamp() - newest) / _SECONDS_PER_DAY, 2))

    def _half_installed(self, _: Question) -> Reading:
        path = self._root / "var/lib/dpkg/status"
        if not path.exists():
            return Unavailable("this system is not kept by dpkg")
        changed = path.stat().st_mtime
        if self._status is None or self._status[0] != changed:
            with path.open(encoding="utf-8", errors="replace") as opened:
                states = (line.split()[-1] for line in opened if line.startswith("Status: "))
                self._status = (changed, sum(state in _HALF for state in states))
        return Measured(self._status[1])

    def _support(self, question: Question) -> Reading:
        """``SUPPORT_END`` of os-release(5); some distributions write it."""
        lines = (line.partition("=") for line in (self._root / "etc/os-release").read_text().splitlines())
        ends = {name: value.strip("\"'") for name, _, value in lines}.get("SUPPORT_END")
        if not ends:
            return Unavailable("this distribution does not say until when it is supported")
        return Measured((datetime.strptime(ends, "%Y-%m-%d").replace(tzinfo=UTC) - question.now).days)

    def _not_encrypted(self, _: Question) -> Reading:
        """Whether the volume of ``/`` stands on a drive without encryption: no layer below it is of kind CRYPT."""
        number = self._root.stat().st_dev
        device = self._root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
        if not device.exists():
            return Unavailable("the system's volume stands on no drive of its own")
        return Measured(not _has_encrypted_layer(device))


def _has_encrypted_layer(device: Path) -> bool:
    kind = device / "dm/uuid"
    if kind.exists() and kind.read_text().startswith("CRYPT-"):
        return True
    below = device / "slaves"
    return below.is_dir() and any(_has_encrypted_layer(layer) for layer in below.iterdir())
