"""What a part of the benchmark is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Scope:
    """How much to measure, and where files may lie.

    ``folder`` is empty, the part's own, and removed afterwards. ``dialects`` are the databases to measure on.
    """

    quick: bool
    runs: int
    folder: Path
    dialects: tuple[str, ...] = ("sqlite",)

    def pick(self, quick: int, full: int) -> int:
        """A size: the first in the short form, the second in the full run."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Goal:
    """``at_least`` or ``at_most`` is set; the other is None."""

    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        above = self.at_least is None or value >= self.at_least
        below = self.at_most is None or value <= self.at_most
        return above and below

    def __str__(self) -> str:
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


@dataclass(frozen=True)
class Figure:
    """One measured number: ``values`` of every run, of which the median counts.

    Attributes:
        key: how the JSON names it.
        unit: of the values; ``x`` for a ratio of ours to the peer's.
        what: one line for the table.
        beside: what was measured beside it in the same run, with its numbers, for the table.
        detail: further numbers of the same measurement, for ``results.json``.
    """

    key: str
    values: tuple[float, ...]
    unit: str
    what: str
    goal: Goal | None = None
    beside: str = ""
    detail: dict[str, object] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return float(median(self.values))

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        return None if self.goal is None else self.goal.met(self.value)


def ratios(ours: list[float], theirs: list[float]) -> tuple[float, ...]:
    """Ours divided by the peer's, run by run: both of a pair were measured one after the other."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))
