"""Processors, out of ``/proc/stat``, ``/proc/loadavg`` and ``/sys/devices/system/cpu``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from opulse.agent.counters import CounterWindow, EventCounts
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""Columns of the ``cpu`` line; the two of guests follow, which ``user`` and ``nice`` already contain."""

_SHARES = {
    "cpu.total_percent": "busy",
    "cpu.kernel_percent": "system",
    "cpu.interrupt_percent": "interrupts",
    "cpu.steal_percent": "steal",
    "cpu.iowait_percent": "iowait",
}
_RATES = {
    "cpu.interrupts_per_second": "intr",
    "cpu.context_switches_per_second": "ctxt",
    "process.created_per_second": "processes",
}


class Processor:
    """Shares of processor time over the last minute, rates, and who waits for a processor now."""

    def __init__(self, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> None:
        self._stat = proc / "stat"
        self._loadavg = proc / "loadavg"
        self._processors = sys / "devices/system/cpu"
        self._window = CounterWindow()
        self._throttles = EventCounts()

    def sample(self) -> None:
        at = time.monotonic()
        self._window.note(at, self._counters())
        counts = self._processors.glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
        self._throttles.note(at, {path.parts[-3]: float(path.read_text()) for path in counts})

    def measures(self) -> Mapping[str, Measure]:
        return {
            **{source: partial(self._share, part) for source, part in _SHARES.items()},
            **{source: partial(self._rate, counter) for source, counter in _RATES.items()},
            "cpu.run_queue_per_processor": self._run_queue,
            "cpu.load_per_processor": self._load,
            "cpu.busiest_percent": self._busiest,
            "cpu.offline_count": self._offline,
            "cpu.throttled_while_hot": self._throttled,
            "process.blocked_count": lambda _: Measured(self._line("procs_blocked")),
        }

    def _share(self, part: str, _: Question) -> Reading:
        return Measured(round(self._window.rise().percent(part, "all"), 2))

    def _rate(self, counter: str, _: Question) -> Reading:
        return Measured(round(self._window.rise().per_second(counter), 1))

    def _busiest(self, _: Question) -> Reading:
        """The busiest single processor: a program of one thread can fill that and no other."""
        rise = self._window.rise()
        names = [name.removeprefix("busy:") for name in rise.by if name.startswith("busy:")]
        return Measured(round(max(rise.percent(f"busy:{name}", f"all:{name}") for name in names), 2))

    def _run_queue(self, _: Question) -> Reading:
        """Runnable threads, without the one that reads this, per processor."""
        return Measured(round(max(0, self._line("procs_running") - 1) / (os.cpu_count() or 1), 2))

    def _load(self, _: Question) -> Reading:
        """The load of the last five minutes, which counts tasks that wait for a disk too, per processor."""
        return Measured(round(float(self._loadavg.read_text().split()[1]) / (os.cpu_count() or 1), 2))

    def _offline(self, _: Question) -> Reading:
        present, online = (
            _count_of((self._processors / name).read_text().strip()) for name in ("present", "online")
        )
        return Measured(present - online)

    def _throttled(self, _: Question) -> Reading:
        """Whether a core was slowed down for its heat since about a minute (the counters of Intel's processors)."""
        counted = self._throttles.within(90)
        if not counted:
            return Unavailable("this processor does not count how often heat slows it down")
        return Measured(any(counted.values()))

    def _line(self, name: str) -> int:
        return next(
            int(line.split()[1])
            for line in self._stat.read_text().splitlines()
            if line.startswith(f"{name} ")
        )

    def _counters(self) -> dict[str, float]:
        lines = self._stat.read_text().splitlines()
        ticks = _ticks(lines[0])
        counters = {
            "all": sum(ticks.values()),
            "busy": _busy(ticks),
            "system": ticks["system"] + ticks["irq"] + ticks["softirq"],
            "interrupts": ticks["irq"] + ticks["softirq"],
            "steal": ticks["steal"],
            "iowait": ticks["iowait"],
        }
        for line in lines[1:]:
            name = line.split(" ", 1)[0]
            if name.startswith("cpu"):
                own = _ticks(line)
                counters |= {f"all:{name}": sum(own.values()), f"busy:{name}": _busy(own)}
            elif name in _RATES.values():
                counters[name] = float(line.split(" ", 2)[1])
        return counters


def _ticks(line: str) -> dict[str, float]:
    return dict(zip(_COLUMNS, map(float, line.split()[1:]), strict=False))


def _busy(ticks: Mapping[str, float]) -> float:
    return sum(ticks.values()) - ticks["idle"] - ticks["iowait"]


def _count_of(ranges: str) -> int:
    """How many numbers ``0-3,8`` names."""
    bounds = (part.split("-") for part in ranges.split(",") if part)
    return sum(int(ends[-1]) - int(ends[0]) + 1 for ends in bounds)
