"""Many readings at once, and an end to waiting: a disk or server that hangs must not keep the others from being shown."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Sequence

from opulse.agent.sources import Question, Readings, Sources
from opulse.catalogue import Unavailable

_AT_ONCE = 8

Wanted = tuple[str, str, Question]
"""Name of the sensor, its source, and the question."""


def read_in_time(sources: Sources, wanted: Iterable[Wanted], seconds: float) -> dict[str, Readings]:
    """Each sensor's reading by its name; one that is not there after ``seconds`` is unavailable and says so.

    Threads that still hang then are left to themselves and end with the process.
    """
    groups: queue.SimpleQueue[Sequence[Wanted]] = queue.SimpleQueue()
    everything = list(wanted)
    for names in sources.by_collector():
        groups.put([entry for entry in everything if entry[1] in names])
    read: queue.SimpleQueue[tuple[str, Readings]] = queue.SimpleQueue()
    for number in range(_AT_ONCE):
        threading.Thread(
            target=_read_groups, args=(sources, groups, read), name=f"reading {number}", daemon=True
        ).start()
    late = Unavailable(f"no answer within {seconds:g} s")
    found: dict[str, Readings] = {name: late for name, _, _ in everything}
    deadline = time.monotonic() + seconds
    for _ in everything:
        try:
            name, readings = read.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        found[name] = readings
    return found


def _read_groups(
    sources: Sources,
    groups: queue.SimpleQueue[Sequence[Wanted]],
    read: queue.SimpleQueue[tuple[str, Readings]],
) -> None:
    while True:
        try:
            group = groups.get_nowait()
        except queue.Empty:
            return
        for name, source, question in group:
            read.put((name, sources.read(source, question)))
