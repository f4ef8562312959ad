"""A trend from stored rows: buckets of equal length, each with the most systems at once, or nothing where nobody looked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from opulse.monitoring.sensors.models import TrendPoint, TrendRow, TrendSpan

LENGTH: Final = {
    TrendSpan.DAY: timedelta(hours=24),
    TrendSpan.WEEK: timedelta(days=7),
    TrendSpan.MONTH: timedelta(days=30),
}
STEP: Final = {
    TrendSpan.DAY: timedelta(minutes=15),
    TrendSpan.WEEK: timedelta(hours=1),
    TrendSpan.MONTH: timedelta(hours=4),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_bucket(span: TrendSpan, now: datetime) -> datetime:
    """When the oldest bucket begins; the newest one holds ``now``."""
    return _begins(now, STEP[span]) - LENGTH[span] + STEP[span]


@dataclass(frozen=True, slots=True)
class Buckets:
    """A span's steps, and each stored row beside the number of the step it falls into: sorted once, drawn for many parts."""

    begins: tuple[datetime, ...]
    looked: frozenset[int]  # steps in which somebody looked
    rows: tuple[tuple[int, TrendRow], ...]


def sort_rows(span: TrendSpan, now: datetime, looks: Iterable[datetime], rows: Iterable[TrendRow]) -> Buckets:
    """What is older than the span is left out."""
    step, first = STEP[span], first_bucket(span, now)
    begins = tuple(first + number * step for number in range(LENGTH[span] // step))
    placed = ((_place(row.at, first, step), row) for row in rows)
    return Buckets(
        begins,
        frozenset(_place(look, first, step) for look in looks),
        tuple((place, row) for place, row in placed if place >= 0),
    )


def draw(buckets: Buckets, count: Callable[[TrendRow], int]) -> tuple[TrendPoint, ...]:
    """The steps, oldest first. ``count`` says what is counted of a row: all systems, a group's, an instance's."""
    most = dict.fromkeys(buckets.looked, 0)
    for place, row in buckets.rows:
        most[place] = max(most.get(place, 0), count(row))
    return tuple(TrendPoint(begins, most.get(place)) for place, begins in enumerate(buckets.begins))


def of_everything(row: TrendRow) -> int:
    """Counts all systems."""
    return row.systems


def of_group(idx: int) -> Callable[[TrendRow], int]:
    """Counts the systems of one group."""
    return lambda row: row.parts.groups.get(idx, 0)


def of_instance(name: str) -> Callable[[TrendRow], int]:
    """Counts the systems of one instance, compared without case."""
    folded = name.casefold()

    def count(row: TrendRow) -> int:
        parts = row.parts.instances
        if name in parts:
            return parts[name]
        return next((one for key, one in parts.items() if key.casefold() == folded), 0)

    return count


def most_of(points: Sequence[TrendPoint]) -> int:
    """The most systems at once in the whole trend."""
    return max((point.systems or 0 for point in points), default=0)


def _place(moment: datetime, first: datetime, step: timedelta) -> int:
    return (moment - first) // step


def _begins(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % step
