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
Keys = NDArray[np.uint64]
"""A place among heads, and a system's index in the low bits."""
Bits = NDArray[np.uint8]

Head = tuple[int, str]
"""A sensor's index and an instance as written."""

_PLACE_BITS, _SYSTEM_BITS = 19, 24
MOST_TOGETHER = 1 << _PLACE_BITS
"""Lines that :func:`settle` takes at once: far more than may wait, and a batch holds far fewer."""


class Lines(msgspec.Struct, frozen=True, eq=False):
    """The lines of one batch: ``counts[i]`` of them say something of ``heads[i]``, in the order in which they were sent.

    No two heads are one sensor and instance. A system may stand several times under a head; its last line counts.
    """

    heads: Sequence[Head]
    counts: Sequence[int]
    systems: Numbers
    triggered: Bits

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
    """What the lines of several batches come to for one sensor and instance; no system stands on both sides."""

    head: Head
    on: BitMap
    off: BitMap


def settle(batches: Sequence[Lines]) -> Iterator[Settled]:
    """What these batches come to, one after the other: a system's last line counts. At most ``MOST_TOGETHER`` lines."""
    heads, rows = _number_heads(batches)
    counts = [count for batch in batches for count in batch.counts]
    row = np.repeat(np.array(rows, np.uint64), counts)
    systems = np.concatenate([batch.systems for batch in batches])
    triggered = np.concatenate([batch.triggered for batch in batches])
    bits = _SYSTEM_BITS if int(systems.max(initial=0)) < 1 << _SYSTEM_BITS else 32
    row <<= np.uint64(bits)
    row |= systems
    keys, triggered = _last_words(row, triggered) if bits < 32 else _last_words_of_wide(row, triggered)
    ends = np.searchsorted(keys, np.arange(len(heads) + 1, dtype=np.uint64) << np.uint64(bits))
    yield from _split(heads, ends, keys.astype(np.uint32) & np.uint32((1 << bits) - 1), triggered)


def _number_heads(batches: Sequence[Lines]) -> tuple[list[Head], list[int]]:
    """The sensors and instances of all batches, and for each head of each batch its place among them."""
    heads: list[Head] = []
    places: dict[Head, int] = {}  # as written
    folded: dict[Head, int] = {}
    rows: list[int] = []
    for batch in batches:
        for head in batch.heads:
            place = places.get(head)
            if place is None:
                place = places[head] = folded.setdefault((head[0], head[1].casefold()), len(heads))
                if place == len(heads):
                    heads.append(head)
            rows.append(place)
    return heads, rows


def as_numbers(systems: BitMap) -> Numbers:
    """In ascending order."""
    return np.frombuffer(systems.to_array(), np.uint32) if systems else np.zeros(0, np.uint32)


def as_bitmap(numbers: Numbers) -> BitMap:
    return BitMap(_as_array(numbers))


def _as_array(numbers: Numbers) -> array[int]:
    made = array("I")
    made.frombytes(numbers.tobytes())
    return made


def _last_words(keys: Keys, triggered: Bits) -> tuple[Keys, Bits]:
    """Of each key its last line, in the order of the keys."""
    # key, place and direction are one number: sorting numbers is twenty times as fast as sorting by columns, and nothing need be
    # fetched afterwards. Everything happens in the memory of ``keys``: fresh pages cost as much as the work on them.
    keys <<= np.uint64(_PLACE_BITS + 1)
    places = np.arange(len(keys), dtype=np.uint64)
    places <<= np.uint64(1)
    keys |= places
    keys |= triggered
    keys.sort()
    np.bitwise_and(keys, np.uint64(1), out=places)
    triggered = places.astype(np.uint8)
    keys >>= np.uint64(_PLACE_BITS + 1)
    return _without_earlier(keys, triggered)


def _last_words_of_wide(keys: Keys, triggered: Bits) -> tuple[Keys, Bits]:
    """The same for keys that leave no room for the place."""
    order = np.argsort(keys, kind="stable")
    return _without_earlier(keys[order], triggered[order])


def _without_earlier(keys: Keys, triggered: Bits) -> tuple[Keys, Bits]:
    last = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=last[:-1])
    return (keys, triggered) if last.all() else (keys[last], triggered[last])


def _split(
    heads: Sequence[Head], ends: NDArray[np.int64], systems: Numbers, triggered: Bits
) -> Iterator[Settled]:
    is_on = triggered.view(bool)
    on, on_ends = _pick(systems, is_on, ends)
    off, off_ends = _pick(systems, ~is_on, ends)
    for place, head in enumerate(heads):
        yield Settled(
            head,
            BitMap(on[on_ends[place] : on_ends[place + 1]], optimize=False),
            BitMap(off[off_ends[place] : off_ends[place + 1]], optimize=False),
        )


def _pick(
    systems: Numbers, chosen: NDArray[np.bool_], ends: NDArray[np.int64]
) -> tuple[array[int], list[int]]:
    """Those that are chosen, and where those of each head end among them."""
    places = np.flatnonzero(chosen)
    return _as_array(systems[places]), np.searchsorted(places, ends).tolist()
