"""Single processes: which wait, are stopped, have ended and were not collected, or hold too much."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from opulse.agent.linux.growth import Growth
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading

_UNINTERRUPTIBLE, _STOPPED, _ZOMBIE = "D", "T", "Z"
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024
_USUAL_SENSITIVITY = 85.0

_Key = tuple[int, int]
"""A process id is given again after a while; with the start time it names one process."""


class _Process(NamedTuple):
    key: _Key
    name: str
    state: str
    threads: int
    resident_kb: float


class ProcessTable:
    """Looks at ``/proc/<id>`` of every process; one that has gone meanwhile, or may not be read, is passed over."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._since: dict[str, dict[_Key, float]] = {_UNINTERRUPTIBLE: {}, _STOPPED: {}}
        self._memory = Growth()
        self._threads = Growth()
        self._descriptors = Growth()

    def sample(self) -> None:
        at = time.monotonic()
        table = list(self._read())
        for state, since in self._since.items():
            now = {process.key for process in table if process.state == state}
            self._since[state] = {key: since.get(key, at) for key in now}
        self._threads.note(at, {process.key: (process.name, process.threads) for process in table})
        if self._memory.is_due(at):
            self._memory.note(at, dict(self._each(table, self._private_kb)))
            self._descriptors.note(at, dict(self._each(table, self._open_descriptors)))

    def measures(self) -> Mapping[str, Measure]:
        return {
            "process.zombie_count": self._zombies,
            "process.uninterruptible_seconds": lambda _: self._waiting(_UNINTERRUPTIBLE),
            "process.stopped_seconds": lambda _: self._waiting(_STOPPED),
            "process.threads_per_process_count": lambda _: self._largest(lambda process: process.threads),
            "process.memory_percent": self._memory_percent,
            "process.descriptors_percent": lambda _: self._largest(self._descriptors_percent),
            "process.private_memory_growth_kb_per_minute": lambda q: _grown(self._memory, q),
            "process.thread_growth_per_minute": lambda q: _grown(self._threads, q),
            "process.handle_growth_per_minute": lambda q: _grown(self._descriptors, q),
        }

    def _zombies(self, _: Question) -> Reading:
        return Measured(sum(process.state == _ZOMBIE for process in self._read()))

    def _waiting(self, state: str) -> Readings:
        """By name, for how long a process of that name has been in this state at every look (each 15 s)."""
        at, since = time.monotonic(), self._since[state]
        longest: dict[str, float] = {}
        for process in self._read():
            if process.state == state:
                seconds = round(at - since.get(process.key, at), 1)
                longest[process.name] = max(longest.get(process.name, 0.0), seconds)
        return {name: Measured(seconds) for name, seconds in longest.items()}

    def _memory_percent(self, _: Question) -> Readings:
        first = (self._proc / "meminfo").read_text().split("\n", 1)[0]
        whole = float(first.split()[1])
        return self._largest(lambda process: round(100.0 * process.resident_kb / whole, 2))

    def _largest(self, measure: Callable[[_Process], float]) -> Readings:
        """Per process name the process of that name that has most."""
        found: dict[str, float] = {}
        for process in self._read():
            try:
                found[process.name] = max(found.get(process.name, 0.0), measure(process))
            except (OSError, LookupError):
                continue
        return {name: Measured(value) for name, value in found.items()}

    def _descriptors_percent(self, process: _Process) -> float:
        """Open descriptors against the limit that the process itself is held to."""
        limits = (self._proc / str(process.key[0]) / "limits").read_text()
        soft = next(line.split()[3] for line in limits.splitlines() if line.startswith("Max open files"))
        if soft == "unlimited":
            return 0.0
        return round(100.0 * self._open_descriptors(process) / max(1, int(soft)), 1)

    def _open_descriptors(self, process: _Process) -> float:
        return sum(1 for _ in (self._proc / str(process.key[0]) / "fd").iterdir())

    def _private_kb(self, process: _Process) -> float:
        _, resident, shared = (
            int(pages) for pages in (self._proc / str(process.key[0]) / "statm").read_text().split()[:3]
        )
        return (resident - shared) * _PAGE_KB

    def _each(
        self, table: list[_Process], measure: Callable[[_Process], float]
    ) -> Iterator[tuple[_Key, tuple[str, float]]]:
        for process in table:
            try:
                yield process.key, (process.name, measure(process))
            except OSError:
                continue

    def _read(self) -> Iterator[_Process]:
        """Linux names a process in parentheses, and the name may hold some: the last one ends it."""
        for entry in self._proc.iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                text = (entry / "stat").read_text(errors="replace")
            except OSError:
                continue
            name, _, rest = text.partition("(")[2].rpartition(")")
            fields = rest.split()
            yield _Process(
                (int(entry.name), int(fields[19])),
                name,
                fields[0],
                int(fields[17]),
                int(fields[21]) * _PAGE_KB,
            )


def _grown(growth: Growth, question: Question) -> Readings:
    sensitivity = question.variables.get("sensitivity", _USUAL_SENSITIVITY)
    return {name: Measured(round(rate, 2)) for name, rate in growth.per_minute(float(sensitivity)).items()}
