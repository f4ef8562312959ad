"""Folders that grow unseen. Their sizes are taken each hour, and only as long as that is cheap."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from opulse.agent.programs import Patience
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_EVERY_SECONDS = 3600.0
_MOST_SECONDS = 2.0
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "profile.temp_bytes": ("tmp", "var/tmp"),
    "disk.logs_bytes": ("var/log",),
    "disk.journal_bytes": ("var/log/journal", "run/log/journal"),
    "disk.core_dumps_bytes": ("var/lib/systemd/coredump", "var/crash"),
    "disk.package_cache_bytes": (
        "var/cache/apt/archives",
        "var/cache/dnf",
        "var/cache/yum",
        "var/cache/pacman/pkg",
    ),
}
_HOME_PATIENCE_SECONDS = 5.0
_MOST_HOMES = 20


class Folders:
    """Bytes that folders take on the disk, and how long a home directory takes to be listed."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._taken: dict[str, tuple[float, Reading]] = {}
        self._patience = Patience(_HOME_PATIENCE_SECONDS)

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        sizes: dict[str, Measure] = {source: partial(self._size, source) for source in _FOLDERS}
        return {**sizes, "disk.home_ms": self._home}

    def _size(self, source: str, _: Question) -> Reading:
        now = time.monotonic()
        at, reading = self._taken.get(source, (-_EVERY_SECONDS, Unavailable("")))
        if now - at >= _EVERY_SECONDS:
            reading = self._measure([self._root / folder for folder in _FOLDERS[source]])
            self._taken[source] = (now, reading)
        return reading

    def _measure(self, folders: list[Path]) -> Reading:
        there = [folder for folder in folders if folder.is_dir()]
        if not there:
            return Unavailable(f"{' and '.join(map(str, folders))} are not there")
        until, size = time.monotonic() + _MOST_SECONDS, 0
        for folder in there:
            for path, _, files in os.walk(folder):
                size += sum(_blocks(Path(path) / name) for name in files)
                if time.monotonic() > until:
                    return Unavailable(
                        f"{folder} holds too many files to be measured in {_MOST_SECONDS:.0f} s"
                    )
        return Measured(size)

    def _home(self, _: Question) -> Reading:
        """The slowest of the home directories: on a file server that is what a logon waits for."""
        homes = [entry for entry in (self._root / "home").iterdir() if entry.is_dir()]
        if not homes:
            return Unavailable("this system has no home directories in /home")
        slowest = 0.0
        for home in homes[:_MOST_HOMES]:
            slowest = max(slowest, self._listing_ms(home))
            if slowest >= _HOME_PATIENCE_SECONDS * 1000:
                break  # the others stand on the same server, as a rule
        return Measured(slowest)

    def _listing_ms(self, home: Path) -> float:
        started = time.monotonic()
        if not self._patience.answers(str(home), partial(os.listdir, home)):
            return _HOME_PATIENCE_SECONDS * 1000
        return round((time.monotonic() - started) * 1000, 2)


def _blocks(path: Path) -> int:
    """What a file takes on the disk, which for a sparse one is less than its length; one that has gone takes nothing."""
    try:
        return path.lstat().st_blocks * 512
    except OSError:
        return 0
