"""At which hours a person may be asked, on their own clock. Pure.

Hours are intervals of real time: their local beginnings and ends are brought to UTC once each. A local time that the change to
summer time skips is the next minute that there is; one that is doubled in autumn is its first occurrence, once.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opulse.experience.directory.models import AskingHours

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LOOK_BACK, _LOOK_AHEAD = 2, 9  # days; a week of quiet days and the next one
_MINUTES = 24 * 60
_SHIFT = re.compile(
    r"(?:(?P<days>[A-Za-z]{2,3}(?:\s*[-,]\s*[A-Za-z]{2,3})*)\s+)?"
    r"(?P<h1>\d{1,2})[:.](?P<m1>\d{2})\s*(?:-|–|to)\s*(?P<h2>\d{1,2})[:.](?P<m2>\d{2})"
)


class ShiftUnreadable(ValueError):
    """A person's working hours cannot be read; the message says how they are written."""


def read_minutes(text: str) -> int | None:
    """``22:30`` as minutes from midnight; None for an empty text.

    Raises:
        ValueError: it is no time of day.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})", text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f"“{text.strip()[:20]}” is no time of day; write 22:30")
    return int(found[1]) * 60 + int(found[2])


@lru_cache(maxsize=10_000)
def read_shift(text: str) -> tuple[tuple[int, int, int], ...]:
    """Working hours as (day, first minute, minute of the end; above 1,440 on the next day).

    Written as ``06:00-14:00``, ``Mon-Fri 22:00-06:00``, several of them with a semicolon between.

    Raises:
        ShiftUnreadable: they are written otherwise.
    """
    shifts = []
    for part in filter(None, (one.strip() for one in text.split(";"))):
        found = _SHIFT.fullmatch(part)
        if found is None:
            raise ShiftUnreadable(f"“{part[:40]}” are no working hours; write Mon-Fri 06:00-14:00")
        first, end = (int(found[h]) * 60 + int(found[m]) for h, m in (("h1", "m1"), ("h2", "m2")))
        if first >= _MINUTES or end > _MINUTES:
            raise ShiftUnreadable(f"“{part[:40]}” has an hour that no day has")
        shifts += [(day, first, end if end > first else end + _MINUTES) for day in _days(found["days"] or "")]
    return tuple(shifts)


def next_allowed(now: datetime, hours: AskingHours, zone: str, shift: str) -> datetime:
    """``now`` where the person may be asked now, else the next moment at which they may.

    Args:
        zone: the person's time zone; empty or unknown: the directory's.
        shift: the person's working hours; readable ones count instead of quiet hours, others are as none.
    """
    return _next_allowed(now.replace(second=0, microsecond=0), now, hours, zone or hours.zone, shift.strip())


def _next_allowed(minute: datetime, now: datetime, hours: AskingHours, zone: str, shift: str) -> datetime:
    intervals, works = _intervals(minute, hours, zone, shift)
    if works:
        inside = any(start <= now < end for start, end in intervals)
        return now if inside else min((start for start, _ in intervals if start > now), default=now)
    at = now
    for start, end in intervals:  # in order, and they may touch or overlap: each moves the moment on
        if start <= at < end:
            at = end
    return at


@lru_cache(maxsize=20_000)
def _intervals(
    minute: datetime, hours: AskingHours, zone: str, shift: str
) -> tuple[tuple[tuple[datetime, datetime], ...], bool]:
    """Intervals around this minute, and whether they are working hours (else: quiet ones). The same for many people."""
    own = _zone(zone) or _zone(hours.zone) or ZoneInfo("UTC")
    today = minute.astimezone(own).date()
    days = [today + timedelta(days=ahead) for ahead in range(-_LOOK_BACK, _LOOK_AHEAD)]
    if hours.shift_field and shift:
        try:
            shifts = read_shift(shift)
        except ShiftUnreadable:
            shifts = ()
        if shifts:
            found = [
                (_at(day, first, own), _at(day, end, own))
                for day in days
                for weekday, first, end in shifts
                if weekday == day.weekday()
            ]
            return tuple(sorted(found)), True
    quiet = [(_at(day, 0, own), _at(day, _MINUTES, own)) for day in days if day.weekday() in hours.quiet_days]
    if hours.quiet_from is not None and hours.quiet_until is not None:
        end = hours.quiet_until + (_MINUTES if hours.quiet_until <= hours.quiet_from else 0)
        quiet += [(_at(day, hours.quiet_from, own), _at(day, end, own)) for day in days]
    return tuple(sorted(quiet)), False


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The moment of a local time: its first occurrence, or where the clock skips it the first minute after the gap."""
    day += timedelta(days=minutes // _MINUTES)
    wall = datetime.combine(day, time(minutes % _MINUTES // 60, minutes % 60))
    before, after = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if before.utcoffset() == after.utcoffset():
        return before.astimezone(UTC)
    if before.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return before.astimezone(UTC)  # doubled
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first minute behind the gap in which ``wall`` lies; a gap is at most a day."""
    low, high = 0, 26 * 60
    start = (wall - timedelta(hours=26)).replace(tzinfo=zone).astimezone(UTC)
    while (
        high - low > 0
    ):  # the first minute, from there, that the clock on the wall shows as later than ``wall``
        middle = (low + high) // 2
        local = (start + timedelta(minutes=middle)).astimezone(zone).replace(tzinfo=None, fold=0)
        low, high = (low, middle) if local > wall else (middle + 1, high)
    return start + timedelta(minutes=low)


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _days(text: str) -> list[int]:
    if not text:
        return list(range(7))
    found: list[int] = []
    for part in re.split(r"\s*,\s*", text):
        ends = [_day(name) for name in re.split(r"\s*-\s*", part)]
        first, last = ends[0], ends[-1]
        found += [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return sorted(set(found))


def _day(name: str) -> int:
    known = {day.lower(): place for place, day in enumerate(DAYS)} | {
        day[:2].lower(): place for place, day in enumerate(DAYS)
    }
    if name.lower() not in known:
        raise ShiftUnreadable(f"“{name}” is no day; write {', '.join(DAYS)}")
    return known[name.lower()]
