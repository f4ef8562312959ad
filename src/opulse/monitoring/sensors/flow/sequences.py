"""The largest sequence number each system has sent: what an answer has promised, and what has been applied.

They differ while a batch waits for its commit. A later batch of the same system must be judged by the first, but the waiting
one must still be applied when its turn in the journal comes.
"""

from __future__ import annotations

import sys
import zlib
from array import array

import numpy as np
from pyroaring import BitMap

from opulse.monitoring.sensors.models import UNORDERED
from opulse.monitoring.sensors.rules.lines import as_bitmap, as_numbers

_FEW = 8
"""Systems that are looked at one by one sooner than all at once."""


class Sequences:
    """One unsigned 64-bit number per system index; 0: nothing was sent."""

    def __init__(self) -> None:
        self._last: array[int] = array("Q")
        self._largest = 0  # of all systems: who sends no less need not be compared one by one

    def last(self, system: int) -> int:
        return self._last[system] if system < len(self._last) else 0

    def raise_to(self, systems: BitMap, seq: int) -> None:
        """Note that these systems have sent ``seq``."""
        if not systems or seq == UNORDERED:
            return
        first, end = systems.min(), systems.max() + 1
        missing = end - len(self._last)
        if missing > 0:
            self._last.extend(array("Q", bytes(8 * max(missing, 1024))))
        if seq < self._largest:
            systems = systems - self.older_than(systems, seq)
        self._largest = max(self._largest, seq)
        last = self._last
        if len(systems) <= _FEW:
            for system in systems:
                last[system] = seq
        elif len(systems) == end - first:
            np.frombuffer(last, np.uint64)[first:end] = seq
        else:
            np.frombuffer(last, np.uint64)[as_numbers(systems)] = seq

    def older_than(self, systems: BitMap, seq: int) -> BitMap:
        """Those of ``systems`` that have sent a larger number."""
        if seq == UNORDERED or seq >= self._largest:
            return BitMap()
        last, known = self._last, len(self._last)
        if len(systems) <= _FEW:
            return BitMap([system for system in systems if system < known and last[system] > seq])
        named = as_numbers(systems)
        named = named[named < known]
        return as_bitmap(named[np.frombuffer(last, np.uint64)[named] > seq]) if len(named) else BitMap()

    def lower_to(self, systems: BitMap, other: Sequences) -> None:
        """Forget what these systems have sent beyond what ``other`` says: a batch was not taken after all."""
        for system in systems:
            if system < len(self._last):
                self._last[system] = other.last(system)

    def copy(self) -> Sequences:
        made = Sequences()
        made._last = array("Q", self._last)
        made._largest = self._largest
        return made

    def dump(self) -> bytes:
        """For a snapshot."""
        column = array("Q", self._last)
        if sys.byteorder == "big":
            column.byteswap()
        return zlib.compress(column.tobytes(), 1)

    def restore(self, stored: bytes) -> None:
        """From a snapshot."""
        column = array("Q")
        column.frombytes(zlib.decompress(stored))
        if sys.byteorder == "big":
            column.byteswap()
        self._last = column
        self._largest = max(column, default=0)
