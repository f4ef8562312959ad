"""Pressure stall information: how long tasks waited for a resource (``/proc/pressure``, Linux 4.20 and newer)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable

_LINES = (
    ("cpu", "some"),
    ("memory", "some"),
    ("io", "some"),
    ("memory", "full"),
    ("io", "full"),
    ("irq", "full"),
)
"""``some``: at least one task waited. ``full``: all of them, so nothing went on. The kernel has no ``full`` of its own for
processors, and ``irq`` only where it accounts the time of interrupts (6.1 or newer)."""


class Pressure:
    """The share of the last 60 s in which tasks waited, as the kernel averages it."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._folder = proc / "pressure"

    def sample(self) -> None:
        """Nothing to note: the kernel keeps the averages."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            f"pressure.{resource}_{kind}_percent": partial(self._average, resource, kind)
            for resource, kind in _LINES
        }

    def _average(self, resource: str, kind: str, _: Question) -> Reading:
        try:
            text = (self._folder / resource).read_text()
        except OSError:
            return Unavailable(
                f"this kernel gives no pressure stall information of {resource} (4.20 or newer, not switched off by psi=0)"
            )
        line = next(line for line in text.splitlines() if line.startswith(f"{kind} "))
        fields = dict(part.split("=") for part in line.split()[1:])
        return Measured(float(fields["avg60"]))
