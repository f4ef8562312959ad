"""Processors, out of ``/proc/stat`` and ``/proc/loadavg``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from opulse.agent.counters import CounterWindow
from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading

_COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""Columns of the ``cpu`` line; the two of guests follow, which ``user`` and ``nice`` already contain."""


class Processor:
    """Shares of processor time over the last minute, interrupts per second, and who waits for a processor now."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._stat = proc / "stat"
        self._window = CounterWindow()

    def sample(self) -> None:
        self._window.note(time.monotonic(), self._counters())

    def measures(self) -> Mapping[str, Measure]:
        return {
            "cpu.total_percent": lambda _: self._share("busy"),
            "cpu.kernel_percent": lambda _: self._share("system"),
            "cpu.interrupt_percent": lambda _: self._share("interrupts"),
            "cpu.interrupts_per_second": lambda _: Measured(
                round(self._window.rise().per_second("taken"), 1)
            ),
            "cpu.run_queue_per_processor": self._run_queue,
        }

    def _share(self, part: str) -> Reading:
        return Measured(round(self._window.rise().percent(part, "all"), 2))

    def _run_queue(self, _: Question) -> Reading:
        """Runnable threads, without the one that reads this, per processor."""
        running = next(
            int(line.split()[1])
            for line in self._stat.read_text().splitlines()
            if line.startswith("procs_running")
        )
        return Measured(round(max(0, running - 1) / (os.cpu_count() or 1), 2))

    def _counters(self) -> dict[str, float]:
        lines = self._stat.read_text().splitlines()
        ticks = dict(zip(_COLUMNS, map(float, lines[0].split()[1:]), strict=False))
        taken = next(float(line.split()[1]) for line in lines if line.startswith("intr "))
        whole = sum(ticks.values())
        return {
            "all": whole,
            "busy": whole - ticks["idle"] - ticks["iowait"],
            "system": ticks["system"] + ticks["irq"] + ticks["softirq"],
            "interrupts": ticks["irq"] + ticks["softirq"],
            "taken": taken,
        }
