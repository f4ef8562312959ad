"""Volumes: the room on each, and how long it will last."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_REMEMBERED_SECONDS = 3600.0
_SHORTEST_SECONDS = 600.0
_LONGEST_HOURS = 8760.0
"""A year: what a volume that does not fill reads as."""


class Disks:
    """Room on each writable local volume, and on those that live in memory."""

    def __init__(
        self,
        proc: Path = Path("/proc"),
        system_volume: Path = Path("/"),
        shortest_seconds: float = _SHORTEST_SECONDS,
    ) -> None:
        self._mounts = proc / "mounts"
        self._system_volume = system_volume
        self._shortest = shortest_seconds
        self._used: deque[tuple[float, dict[str, float]]] = deque()

    def sample(self) -> None:
        at = time.monotonic()
        if not self._used or at - self._used[-1][0] >= min(60.0, self._shortest):
            self._used.append((at, {volume: _used_bytes(os.statvfs(volume)) for volume in _volumes()}))
        while at - self._used[0][0] > _REMEMBERED_SECONDS:
            self._used.popleft()

    def measures(self) -> Mapping[str, Measure]:
        return {
            "disk.free_percent": lambda _: _per_volume(_free_percent),
            "disk.free_inodes_percent": lambda _: _per_volume(_free_inodes),
            "disk.system_free_bytes": self._system_free,
            "disk.full_in_hours": self._full_in_hours,
            "disk.memory_volume_free_percent": self._memory_volumes,
        }

    def _system_free(self, _: Question) -> Reading:
        room = os.statvfs(self._system_volume)
        return Measured(room.f_bavail * room.f_frsize)

    def _full_in_hours(self, _: Question) -> Readings:
        """When the volume is full if it goes on as in up to the last hour."""
        (start, before), at = self._used[0], time.monotonic()
        if at - start < self._shortest:
            return Unavailable(f"is said only after {self._shortest / 60:.0f} minutes of watching")
        found: dict[str, Reading] = {}
        for volume in _volumes():
            if volume in before:
                room = os.statvfs(volume)
                grown = (_used_bytes(room) - before[volume]) / ((at - start) / 3600.0)
                left = room.f_bavail * room.f_frsize
                hours = left / grown if grown > 0 else _LONGEST_HOURS
                found[volume] = Measured(round(min(hours, _LONGEST_HOURS), 1))
        return found

    def _memory_volumes(self, _: Question) -> Readings:
        """Volumes that live in memory (tmpfs): what is left of the size that they may grow to."""
        lines = (line.split() for line in self._mounts.read_text().splitlines())
        folders = [
            _unescaped(fields[1]) for fields in lines if fields[2] == "tmpfs" and "rw" in fields[3].split(",")
        ]
        rooms = ((folder, os.statvfs(folder)) for folder in dict.fromkeys(folders))
        return {folder: _free_percent(room) for folder, room in rooms if room.f_blocks}


def _used_bytes(room: os.statvfs_result) -> float:
    return float((room.f_blocks - room.f_bfree) * room.f_frsize)


def _unescaped(path: str) -> str:
    """The kernel writes blanks in a path as ``\\040``."""
    return path.encode("latin-1", "backslashreplace").decode("unicode_escape")


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
