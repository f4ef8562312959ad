"""The lines of a large batch in arrays, and what many of them come to: nothing here looks at a single line in Python. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

Numbers = NDArray[np.uint32]

Head = tuple[int, str]
"""A sensor's index and an instance as written."""

_PLACE_BITS, _SYSTEM_BITS = 19, 24
_SYSTEM_MASK = np.uint64((1 << _SYSTEM_BITS) - 1)
MOST_TOGETHER = 1 << _PLACE_BITS
"""Lines that :func:`settle` takes at once."""


class Lines(msgspec.Struct, frozen=True, eq=False):
    """The lines of one batch: ``counts[i]`` of them say something of ``heads[i]``, in the order in which they were sent.

    No two heads are one sensor and instance. A system may stand several times under a head; its last line counts.
    """

    heads: Sequence[Head]
    counts: Sequence[int]
    systems: Numbers
    triggered: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.systems)

    @property
    def sensors(self) -> set[int]:
        return {sensor for sensor, _ in self.heads}

    def within(self, systems: BitMap) -> Lines:
        """The lines that are of these systems."""
        chosen = np.isin(self.systems, as_numbers(systems))
        before = np.concatenate(([0], np.cumsum(chosen)))
        ends = [0, *accumulate(self.counts)]
        counts = [int(before[end] - before[begin]) for begin, end in pairwise(ends)]
        return Lines(self.heads, counts, self.systems[chosen], self.triggered[chosen])


class Settled(msgspec.Struct, frozen=True):
    """What the lines of several batches come to for one sensor and instance: the systems that they tell of, and those of them
    where it is triggered."""

    head: Head
    told: BitMap
    triggered: BitMap


def settle(batches: Sequence[Lines]) -> Iterator[Settled]:
    """What these batches come to, one after the other: a system's last line counts. At most ``MOST_TOGETHER`` lines."""
    keys: dict[Head, int] = {}
    heads: list[Head] = []
    rows: list[int] = []
    for batch in batches:
        for head in batch.heads:
            key = keys.setdefault((head[0], head[1].casefold()), len(keys))
            if key == len(heads):
                heads.append(head)
            rows.append(key)
    counts = [count for batch in batches for count in batch.counts]
    row = np.repeat(np.array(rows, np.uint64), counts)
    systems = np.concatenate([batch.systems for batch in batches])
    triggered = np.concatenate([batch.triggered for batch in batches])
    yield from _split(heads, *_last_words(row, systems, triggered))


def as_numbers(systems: BitMap) -> Numbers:
    """In ascending order."""
    return np.frombuffer(systems.to_array(), np.uint32) if systems else np.zeros(0, np.uint32)


def as_bitmap(numbers: Numbers) -> BitMap:
    return BitMap(_as_array(numbers))


def _as_array(numbers: Numbers) -> array[int]:
    made = array("I")
    made.frombytes(numbers.tobytes())
    return made


def _last_words(
    row: NDArray[np.uint64], systems: Numbers, triggered: NDArray[np.uint8]
) -> tuple[NDArray[np.uint64], Numbers, NDArray[np.uint8]]:
    """The last line of each row and system, by row and system."""
    if int(systems.max(initial=0)) >> _SYSTEM_BITS:
        order = np.lexsort((systems, row))  # keeps the order of equals
        row, systems, triggered = row[order], systems[order], triggered[order]
    else:
        # one number a line: sorting numbers is twenty times as fast as sorting by columns, and nothing need be fetched after
        line = row << np.uint64(_SYSTEM_BITS) | systems
        line <<= np.uint64(_PLACE_BITS + 1)
        line |= np.arange(len(row), dtype=np.uint64) << np.uint64(1) | triggered
        line.sort()
        triggered = (line & np.uint64(1)).astype(np.uint8)
        line >>= np.uint64(_PLACE_BITS + 1)
        row, systems = line >> np.uint64(_SYSTEM_BITS), (line & _SYSTEM_MASK).astype(np.uint32)
    last = np.ones(len(row), bool)
    last[:-1] = (row[1:] != row[:-1]) | (systems[1:] != systems[:-1])
    if last.all():
        return row, systems, triggered
    return row[last], systems[last], triggered[last]


def _split(
    heads: Sequence[Head], row: NDArray[np.uint64], systems: Numbers, triggered: NDArray[np.uint8]
) -> Iterator[Settled]:
    told, on = _as_array(systems), np.flatnonzero(triggered)
    hit = _as_array(systems[on])
    bounds = np.arange(len(heads) + 1, dtype=np.uint64)
    ends = np.searchsorted(row, bounds)
    on_ends = np.searchsorted(on, ends).tolist()
    for head, (begin, end), (on_begin, on_end) in zip(
        heads, pairwise(ends.tolist()), pairwise(on_ends), strict=True
    ):
        yield Settled(head, BitMap(told[begin:end]), BitMap(hit[on_begin:on_end]))
