"""Counters that only rise, noted every 15 s: what they rose by in about the last minute, or within a sensor's window."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

WINDOW_SECONDS = 60.0
LONGEST_WINDOW_SECONDS = 86_400.0
"""Events are remembered for a day; a longer window counts what is remembered."""

NO_COUNTERS_YET = "needs two samples of its counters; the first was taken just now or could not be taken"


@dataclass(frozen=True, slots=True)
class Rise:
    """What counters rose by over ``seconds`` of the machine's own time."""

    seconds: float
    by: Mapping[str, float]

    def per_second(self, name: str) -> float:
        return self.by[name] / self.seconds

    def percent(self, part: str, whole: str) -> float:
        """``part`` in percent of ``whole``; 0 where the whole did not move."""
        return 100.0 * self.by[part] / self.by[whole] if self.by[whole] else 0.0


class CounterWindow:
    """The samples of about the last ``WINDOW_SECONDS``, of one set of counters."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Mapping[str, float]]] = deque()

    def note(self, at: float, counters: Mapping[str, float]) -> None:
        """Add a sample taken at ``at`` (monotonic seconds). A counter that fell was reset, so older samples go."""
        if self._samples and any(
            counters.get(name, 0) < value for name, value in self._samples[-1][1].items()
        ):
            self._samples.clear()
        self._samples.append((at, counters))
        while len(self._samples) > 2 and at - self._samples[0][0] > WINDOW_SECONDS:
            self._samples.popleft()

    def rise(self) -> Rise:
        """From the oldest to the newest sample. Raises ``ValueError`` while there are not two."""
        if len(self._samples) < 2:
            raise ValueError(NO_COUNTERS_YET)
        (start, before), (end, after) = self._samples[0], self._samples[-1]
        if end <= start:
            raise ValueError(NO_COUNTERS_YET)
        return Rise(end - start, {name: after[name] - before[name] for name in after if name in before})


class EventCounts:
    """How often something happened within a window, out of counters of the kernel. One sample a minute is kept for a day.

    What happened before the first sample is not counted: nobody knows when it was.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Mapping[str, float]]] = deque()

    def note(self, at: float, counters: Mapping[str, float]) -> None:
        """Add a sample taken at ``at`` (monotonic seconds). A counter that fell was reset: it goes on from what it had."""
        if len(self._samples) > 1 and at - self._samples[-2][0] < WINDOW_SECONDS:
            self._samples.pop()
        self._samples.append((at, counters))
        while at - self._samples[0][0] > LONGEST_WINDOW_SECONDS:
            self._samples.popleft()

    def within(self, seconds: float) -> dict[str, int]:
        """By counter, its rise in the last ``seconds``. Raises ``ValueError`` before the first sample."""
        if not self._samples:
            raise ValueError(NO_COUNTERS_YET)
        since = self._samples[-1][0] - seconds
        counted = dict.fromkeys(self._samples[-1][1], 0.0)
        for (_, before), (at, after) in pairwise(self._samples):
            if at > since:
                for name in counted.keys() & after.keys() & before.keys():
                    counted[name] += max(0.0, after[name] - before[name])
        return {name: int(count) for name, count in counted.items()}
