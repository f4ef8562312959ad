"""What grows without end: one sample a minute of many things, for an hour."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from itertools import pairwise

EVERY_SECONDS = 60.0
LONGEST_SECONDS = 3600.0
FEWEST_SAMPLES = 10
"""Below ten minutes nothing is said: every program takes some when it starts."""

_Sample = tuple[float, float]


class Growth:
    """The rate at which each thing has grown. A thing that goes is forgotten."""

    def __init__(self, every: float = EVERY_SECONDS, fewest: int = FEWEST_SAMPLES) -> None:
        self._every = every
        self._fewest = fewest
        self._noted_at: float | None = None
        self._samples: dict[Hashable, tuple[str, deque[_Sample]]] = {}

    def is_due(self, at: float) -> bool:
        return self._noted_at is None or at - self._noted_at >= self._every

    def note(self, at: float, values: Mapping[Hashable, tuple[str, float]]) -> None:
        """Add ``{thing: (its name, value)}`` as of ``at`` (seconds); passed over when the last sample is too fresh."""
        if not self.is_due(at):
            return
        self._noted_at = at
        kept: dict[Hashable, tuple[str, deque[_Sample]]] = {}
        for thing, (name, value) in values.items():
            samples = self._samples.get(thing, (name, deque()))[1]
            samples.append((at, value))
            while at - samples[0][0] > LONGEST_SECONDS:
                samples.popleft()
            kept[thing] = (name, samples)
        self._samples = kept

    def per_minute(self, sensitivity: float) -> dict[str, float]:
        """By name the fastest growth of a thing of that name, from its first sample to its last.

        0 for what rose in fewer than ``sensitivity`` percent of its steps, or did not rise at all: going up and down is no
        leak. Things with too few samples are left out.
        """
        found: dict[str, float] = {}
        for name, samples in self._samples.values():
            if len(samples) >= self._fewest:
                found[name] = max(found.get(name, 0.0), _rate(samples, sensitivity))
        return found


def _rate(samples: deque[_Sample], sensitivity: float) -> float:
    rises = sum(after > before for (_, before), (_, after) in pairwise(samples))
    (start, first), (end, last) = samples[0], samples[-1]
    if last <= first or 100.0 * rises / (len(samples) - 1) < sensitivity:
        return 0.0
    return (last - first) / ((end - start) / 60.0)
