"""Draw so many of a stream of unknown length, each with the same chance. Pure but for the chance, which is passed in."""

from __future__ import annotations

import random
from collections.abc import Iterable

from opulse.experience.audiences.models import SAMPLE_MAX, SampleRefused


def read_size(text: str) -> tuple[int, float]:
    """``200`` as a number (and share 0), ``10%`` as a share (and number 0).

    Raises:
        SampleRefused: it is neither, or more than a sample may have.
    """
    text = text.strip()
    try:
        if text.endswith("%"):
            share = float(text[:-1].strip()) / 100
            if 0 < share <= 1:
                return 0, share
        elif 0 < int(text) <= SAMPLE_MAX:
            return int(text), 0.0
    except ValueError:
        pass
    raise SampleRefused(f"a sample has 1 to {SAMPLE_MAX:,} people, or a share above 0 % and at most 100 %")


class Draw:
    """A reservoir: with a number, exactly so many (all, where there are fewer); with a share, its part of all, rounded."""

    def __init__(self, number: int, share: float, chance: random.Random) -> None:
        self._number, self._share, self._chance = number, share, chance
        self._seen = 0
        self._kept: list[str] = []

    def take(self, ids: Iterable[str]) -> None:
        """See the next ones."""
        for one in ids:
            self._seen += 1
            if self._share or len(self._kept) < self._number:
                self._kept.append(one)
            elif (place := self._chance.randrange(self._seen)) < self._number:
                self._kept[place] = one

    def result(self) -> list[str]:
        """Those who were drawn, in order.

        Raises:
            SampleRefused: the share of all is more than a sample may have.
        """
        if not self._share:
            return sorted(self._kept)
        size = max(1, round(self._seen * self._share)) if self._seen else 0
        if size > SAMPLE_MAX:
            raise SampleRefused(f"{size:,} people would be drawn; a sample has at most {SAMPLE_MAX:,}")
        return sorted(self._chance.sample(self._kept, size))
