"""Drives: how busy, how slow, how long the queue in the last minute, and errors that a drive counts itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from opulse.agent.counters import CounterWindow, EventCounts, Rise
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured

_NOT_DRIVES = ("loop", "ram", "zram", "sr", "fd")
_COLUMNS = {
    "reads": 3,
    "sectors_read": 5,
    "read_ms": 6,
    "writes": 7,
    "sectors_written": 9,
    "write_ms": 10,
    "busy_ms": 12,
    "queued_ms": 13,
}
"""Columns of ``/proc/diskstats`` (Documentation/admin-guide/iostats.rst), from 0."""
_SECTORS_PER_KB = 2.0


class Drives:
    """Counters of ``/proc/diskstats``, per drive."""

    def __init__(self, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> None:
        self._diskstats = proc / "diskstats"
        self._drives = sys / "block"
        self._window = CounterWindow()
        self._errors = EventCounts()

    def sample(self) -> None:
        at = time.monotonic()
        drives = {entry.name for entry in self._drives.iterdir() if not entry.name.startswith(_NOT_DRIVES)}
        lines = (line.split() for line in self._diskstats.read_text().splitlines())
        self._window.note(
            at,
            {
                f"{fields[2]} {name}": float(fields[column])
                for fields in lines
                if fields[2] in drives
                for name, column in _COLUMNS.items()
            },
        )
        errors = self._drives.glob("*/device/ioerr_cnt")
        self._errors.note(at, {path.parts[-3]: float(int(path.read_text(), 16)) for path in errors})

    def measures(self) -> Mapping[str, Measure]:
        kinds: dict[str, Callable[[Rise, str], float]] = {
            "disk.busy_percent": lambda rise, drive: min(100.0, _per_second(rise, drive, "busy_ms") / 10.0),
            "disk.queue_length": lambda rise, drive: _per_second(rise, drive, "queued_ms") / 1000.0,
            "disk.read_kb_per_second": lambda rise, drive: (
                _per_second(rise, drive, "sectors_read") / _SECTORS_PER_KB
            ),
            "disk.reads_per_second": lambda rise, drive: _per_second(rise, drive, "reads"),
            "disk.written_kb_per_second": lambda rise, drive: (
                _per_second(rise, drive, "sectors_written") / _SECTORS_PER_KB
            ),
            "disk.writes_per_second": lambda rise, drive: _per_second(rise, drive, "writes"),
            "disk.read_ms": lambda rise, drive: _each(rise, drive, "read_ms", "reads"),
            "disk.write_ms": lambda rise, drive: _each(rise, drive, "write_ms", "writes"),
        }
        per_drive: dict[str, Measure] = {
            source: partial(self._by_drive, kind) for source, kind in kinds.items()
        }
        return {**per_drive, "disk.device_error_count": self._device_errors}

    def _by_drive(self, kind: Callable[[Rise, str], float], _: Question) -> Readings:
        rise = self._window.rise()
        drives = {name.split(" ")[0] for name in rise.by}
        return {drive: Measured(round(kind(rise, drive), 2)) for drive in sorted(drives)}

    def _device_errors(self, question: Question) -> Readings:
        """Errors that the drive's own driver counted (SCSI and SATA)."""
        counted = self._errors.within(question.number("window"))
        return {drive: Measured(count) for drive, count in counted.items()}


def _per_second(rise: Rise, drive: str, name: str) -> float:
    return rise.per_second(f"{drive} {name}")


def _each(rise: Rise, drive: str, total: str, count: str) -> float:
    """The mean of one transfer; 0 where there was none."""
    transfers = rise.by[f"{drive} {count}"]
    return rise.by[f"{drive} {total}"] / transfers if transfers else 0.0
