"""A trend from stored rows: buckets of equal length, each with the most systems at once, or nothing where nobody looked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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


def make_trend(
    span: TrendSpan,
    now: datetime,
    looks: Iterable[datetime],
    rows: Iterable[TrendRow],
    count: Callable[[TrendRow], int] = lambda row: row.systems,
) -> tuple[TrendPoint, ...]:
    """The buckets of the span, oldest first. ``count`` says what is counted of a row: all systems, a group's, an instance's."""
    step, first = STEP[span], first_bucket(span, now)
    found: dict[datetime, int] = {_begins(look, step): 0 for look in looks}
    for row in rows:
        begins = _begins(row.at, step)
        found[begins] = max(found.get(begins, 0), count(row))
    buckets = (first + number * step for number in range(LENGTH[span] // step))
    return tuple(TrendPoint(begins, found.get(begins)) for begins in buckets)


def of_group(idx: int) -> Callable[[TrendRow], int]:
    """Counts the systems of one group."""
    return lambda row: row.parts.groups.get(idx, 0)


def of_instance(name: str) -> Callable[[TrendRow], int]:
    """Counts the systems of one instance, compared without case."""
    folded = name.casefold()
    return lambda row: next(
        (count for key, count in row.parts.instances.items() if key.casefold() == folded), 0
    )


def most_of(points: Sequence[TrendPoint]) -> int:
    """The most systems at once in the whole trend."""
    return max((point.systems or 0 for point in points), default=0)


def _begins(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % step
