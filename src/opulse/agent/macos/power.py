"""Power of a Mac: how far heat holds its processor down, who keeps it awake, how its battery is. Not run on hardware.

Forms: man page of pmset(1) (``-g therm``, ``-g assertions``) and of system_profiler(8) (``SPPowerDataType``, ``-json``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from opulse.agent.programs import ask
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_LIMIT = r"^\s*{name}\s*=\s*(\d+)"
_HOLDER = re.compile(r"pid \d+\((?P<program>[^)]+)\): .*?\b(?P<kind>Prevent(?:UserIdle)?SystemSleep)\b")
_NO_BATTERY = "this Mac has no battery"
_HEALTHY = ("good", "normal", "fair")


_EVERY = timedelta(minutes=10)


class Power:
    """Asked at each evaluation; the battery every ten minutes, for the profile takes long to make."""

    def __init__(self) -> None:
        self._profile: Any = None
        self._read_at: datetime | None = None

    def sample(self) -> None:
        """Nothing to note."""

    def measures(self) -> Mapping[str, Measure]:
        return {
            "macos.cpu_speed_limit_percent": partial(_limit, "CPU_Speed_Limit"),
            "macos.cpu_scheduler_limit_percent": partial(_limit, "CPU_Scheduler_Limit"),
            "macos.sleep_prevented": _awake,
            "macos.battery_service_recommended": self._service,
            "macos.battery_cycle_count": self._cycles,
        }

    def _service(self, question: Question) -> Reading:
        health = self._battery("sppower_battery_health", question)
        return Unavailable(_NO_BATTERY) if health is None else Measured(str(health).lower() not in _HEALTHY)

    def _cycles(self, question: Question) -> Reading:
        count = self._battery("sppower_battery_cycle_count", question)
        return Unavailable(_NO_BATTERY) if count is None else Measured(int(count))

    def _battery(self, name: str, question: Question) -> Any:
        if self._read_at is None or question.now - self._read_at >= _EVERY:
            self._profile = json.loads(ask("system_profiler", "-json", "SPPowerDataType"))
            self._read_at = question.now
        return next(_values(self._profile, name), None)


def _limit(name: str, _: Question) -> Reading:
    """A Mac that was never held down says no number, but a note that there is none."""
    said = ask("pmset", "-g", "therm")
    found = re.search(_LIMIT.format(name=name), said, re.MULTILINE)
    if found is not None:
        return Measured(int(found[1]))
    if "No thermal warning level" in said or "No performance warning level" in said:
        return Measured(100)
    return Unavailable("this Mac does not say how far heat holds its processor down")


def _awake(_: Question) -> Readings:
    said = ask("pmset", "-g", "assertions")
    return {found["program"]: Measured(True) for found in _HOLDER.finditer(said)}


def _values(tree: Any, name: str) -> Iterator[Any]:
    """Every value of this name, however deep."""
    if isinstance(tree, dict):
        if name in tree:
            yield tree[name]
        for inner in tree.values():
            yield from _values(inner, name)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _values(inner, name)
