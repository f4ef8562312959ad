"""Pressure stall information: how long tasks waited for a resource (``/proc/pressure``, Linux 4.20 and newer)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from opulse.agent.sources import Measure, Question
from opulse.catalogue import Measured, Reading, Unavailable


class Pressure:
    """The share of the last 60 s in which at least one task waited, as the kernel averages it."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._folder = proc / "pressure"

    def sample(self) -> None:
        """Nothing to note: the kernel keeps the averages."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            f"pressure.{name}_some_percent": partial(self._some, name) for name in ("cpu", "memory", "io")
        }

    def _some(self, resource: str, _: Question) -> Reading:
        try:
            text = (self._folder / resource).read_text()
        except OSError:
            return Unavailable(
                "this kernel gives no pressure stall information (4.20 or newer, not switched off by psi=0)"
            )
        some = next(line for line in text.splitlines() if line.startswith("some "))
        fields = dict(part.split("=") for part in some.split()[1:])
        return Measured(float(fields["avg60"]))
