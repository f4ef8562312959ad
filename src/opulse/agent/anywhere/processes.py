"""Processes: how many, how busy, and whether a certain one runs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from opulse.agent.counters import NO_COUNTERS_YET, WINDOW_SECONDS
from opulse.agent.sources import Measure, Question, Readings
from opulse.catalogue import Measured, Reading, Unavailable

_Process = tuple[int, float]
"""A process id is given again after a while; with the start time it names one process."""

_Usage = dict[_Process, tuple[str, float]]
"""Name and processor seconds used since the start."""


class Processes:
    """Counts, processor use per process name over the last minute, and the slots a customer fills with a name."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, _Usage]] = deque()

    def sample(self) -> None:
        at = time.monotonic()
        self._samples.append((at, dict(_usage())))
        while len(self._samples) > 2 and at - self._samples[0][0] > WINDOW_SECONDS:
            self._samples.popleft()

    def measures(self) -> Mapping[str, Measure]:
        return {
            "process.cpu_percent": self._cpu_percent,
            "process.count": lambda _: Measured(len(psutil.pids())),
            "process.threads_total": _threads,
            **{f"process.slot{slot}.not_running": _not_running for slot in (1, 2, 3)},
        }

    def _cpu_percent(self, _: Question) -> Readings:
        """Per process name the busiest process of that name; 100 is one whole processor."""
        if len(self._samples) < 2:
            return Unavailable(NO_COUNTERS_YET)
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        busiest: dict[str, float] = {}
        for process, (name, seconds) in after.items():
            if process in before:
                percent = 100.0 * (seconds - before[process][1]) / (end - start)
                busiest[name] = max(busiest.get(name, 0.0), round(percent, 1))
        return {name: Measured(percent) for name, percent in busiest.items()}


def _threads(_: Question) -> Reading:
    """Of all processes that may be looked into."""
    counts = (process.info["num_threads"] for process in psutil.process_iter(["num_threads"]))
    return Measured(sum(count for count in counts if count))


def _usage() -> Iterator[tuple[_Process, tuple[str, float]]]:
    for process in psutil.process_iter(["name", "cpu_times", "create_time"]):
        name, times = process.info["name"], process.info["cpu_times"]
        if name and times:
            yield (process.pid, process.info["create_time"]), (name, times.user + times.system)


def _not_running(question: Question) -> Reading:
    """True when no living process has the name: as the system shows it, or the program's file name."""
    wanted = question.text("process").casefold()
    if not wanted:
        return Unavailable("no process is named: set this sensor's variable 'process'")
    return Measured(not any(wanted in names for names in _living_names()))


def _living_names() -> Iterator[set[str]]:
    """A process that ended and was not yet collected by its parent is not living."""
    for process in psutil.process_iter(["name", "cmdline", "status"]):
        if process.info["status"] not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            program = next(iter(process.info["cmdline"] or ()), "")
            yield {(process.info["name"] or "").casefold(), Path(program).name.casefold()}
