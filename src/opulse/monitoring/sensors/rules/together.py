"""On which systems enough of several sensors are triggered at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import BitMap


def systems_with(hit: Sequence[BitMap], needed: int, among: BitMap) -> BitMap:
    """The systems of ``among`` that are in at least ``needed`` of the sets ``hit``; nobody where there are no sets.

    Sets are counted and not systems: for k of n sensors k times n unions and intersections, however many systems there are.
    """
    if not hit or needed > len(hit):
        return BitMap()
    if needed == len(hit):
        # the smallest first: every further intersection is as cheap as what is left
        return BitMap.intersection(*sorted((*hit, among), key=len))
    at_least = [among.copy()] + [BitMap() for _ in range(needed)]  # [k]: in k or more of the sets seen so far
    for systems in hit:
        for many in range(needed, 0, -1):
            at_least[many] |= at_least[many - 1] & systems
    return at_least[needed]
