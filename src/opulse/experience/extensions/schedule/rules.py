"""When does a timetable come round next? Pure.

Times are of a wall clock. Where the clock goes forward and a time is skipped, the next minute that exists is taken; where it goes
back and a time comes twice, the first one is (spine.md, Time).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from opulse.clock import zone_names
from opulse.experience.extensions.schedule.models import Preset, Timetable

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOUR = timedelta(hours=1)


def read_timetable(form: Mapping[str, Any]) -> Timetable:
    """What was typed.

    Raises:
        ValueError: a time, day or zone that there is not; the message begins with the field's label.
    """
    try:
        preset = Preset(str(form.get("preset") or "daily"))
    except ValueError as error:
        raise ValueError(f"How often is one of: {', '.join(Preset)}") from error
    zone = str(form.get("zone") or "UTC").strip()
    if zone not in zone_names():
        raise ValueError("Time zone is a name such as Europe/Berlin")
    hour, _, minute = str(form.get("time") or "09:00").strip().partition(":")
    if not (_is_below(hour, 24) and _is_below(minute, 60)):
        raise ValueError("Time is hours and minutes, such as 09:30")
    return Timetable(preset, int(hour), int(minute), _day(preset, str(form.get("day") or "").strip()), zone)


def next_time(table: Timetable, after: datetime) -> datetime:
    """The first moment (UTC) of the timetable behind ``after``."""
    zone = ZoneInfo(table.zone)
    if table.preset is Preset.HOURLY:
        return _next_hour(table, zone, after)
    there = after.astimezone(zone).date() - timedelta(days=1)
    for day in _days(table, there):
        moment = _moment(day, time(table.hour, table.minute), zone)
        if moment > after:
            return moment
    raise AssertionError("a timetable has no end")


def _next_hour(table: Timetable, zone: ZoneInfo, after: datetime) -> datetime:
    """Every elapsed hour: a skipped hour is none, a doubled one is two."""
    local = after.astimezone(zone)
    start = after - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    moment = start + timedelta(minutes=table.minute)
    while moment <= after:
        moment += _HOUR
    return moment.astimezone(UTC)


def _days(table: Timetable, start: date) -> Iterator[date]:
    day = start
    while True:
        if _is_day(table, day):
            yield day
        day += timedelta(days=1)


def _is_day(table: Timetable, day: date) -> bool:
    match table.preset:
        case Preset.WEEKDAYS:
            return day.weekday() < 5
        case Preset.WEEKLY:
            return day.weekday() == table.day
        case Preset.MONTHLY:
            return day.day == min(table.day, monthrange(day.year, day.month)[1])
        case _:
            return True


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The wall-clock time as a moment. ``fold=0`` is the first of two; a skipped time moves to the first minute that exists."""
    local = datetime.combine(day, at, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # skipped: before the gap both readings agree on the offset; the gap ends where the later offset begins
    before = local.utcoffset() or timedelta(0)
    after = local.replace(fold=1).utcoffset() or timedelta(0)
    low, high = local.replace(tzinfo=UTC) - max(before, after), local.replace(tzinfo=UTC) - min(before, after)
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)


def _day(preset: Preset, text: str) -> int:
    if preset is Preset.WEEKLY:
        names = [name for name in DAYS if text and name.lower().startswith(text.lower()[:3])]
        if len(names) != 1:
            raise ValueError("Day is a day of the week, such as Monday")
        return DAYS.index(names[0])
    if preset is Preset.MONTHLY:
        if not (_is_below(text, 32) and int(text) > 0):
            raise ValueError("Day is a day of the month, from 1 to 31")
        return int(text)
    return 0


def _is_below(text: str, limit: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < limit
