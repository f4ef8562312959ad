"""Volumes and drives."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from opulse.agent.counters import CounterWindow
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_NOT_DRIVES = ("loop", "ram", "zram", "sr", "fd")


class Disks:
    """Room on each writable local volume, and how busy each drive was in the last minute."""

    def __init__(
        self, proc: Path = Path("/proc"), sys: Path = Path("/sys"), system_volume: Path = Path("/")
    ) -> None:
        self._diskstats = proc / "diskstats"
        self._drives = sys / "block"
        self._system_volume = system_volume
        self._window = CounterWindow()

    def sample(self) -> None:
        drives = {entry.name for entry in self._drives.iterdir() if not entry.name.startswith(_NOT_DRIVES)}
        lines = (line.split() for line in self._diskstats.read_text().splitlines())
        self._window.note(
            time.monotonic(), {fields[2]: float(fields[12]) for fields in lines if fields[2] in drives}
        )

    def measures(self) -> Mapping[str, Measure]:
        return {
            "disk.free_percent": lambda _: _per_volume(_free_percent),
            "disk.free_inodes_percent": lambda _: _per_volume(_free_inodes),
            "disk.system_free_bytes": self._system_free,
            "disk.busy_percent": self._busy,
        }

    def _system_free(self, _: Question) -> Reading:
        room = os.statvfs(self._system_volume)
        return Measured(room.f_bavail * room.f_frsize)

    def _busy(self, _: Question) -> Readings:
        """Milliseconds with a transfer under way, against the time that went by."""
        rise = self._window.rise()
        return {drive: Measured(round(min(100.0, rise.per_second(drive) / 10.0), 2)) for drive in rise.by}


def _per_volume(measure: Callable[[os.statvfs_result], Reading]) -> Readings:
    return {volume: measure(os.statvfs(volume)) for volume in _volumes()}


def _volumes() -> list[str]:
    """Mount points of writable local volumes, each device once (the shortest path); always the system volume."""
    by_device: dict[str, str] = {}
    for partition in sorted(psutil.disk_partitions(all=False), key=lambda part: len(part.mountpoint)):
        if "ro" not in partition.opts.split(","):
            by_device.setdefault(partition.device, partition.mountpoint)
    return list(dict.fromkeys(["/", *by_device.values()]))


def _free_percent(room: os.statvfs_result) -> Reading:
    """What a user can still write, against what users can write altogether (the reserve of root left out)."""
    usable = room.f_blocks - room.f_bfree + room.f_bavail
    return (
        Measured(round(100.0 * room.f_bavail / usable, 2))
        if usable
        else Unavailable("the volume has no size")
    )


def _free_inodes(room: os.statvfs_result) -> Reading:
    if not room.f_files:
        return Unavailable("this file system has no fixed number of inodes")
    return Measured(round(100.0 * room.f_favail / room.f_files, 2))
