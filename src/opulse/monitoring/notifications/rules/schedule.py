"""Whether a schedule lets a notification activate at a moment."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from opulse.clock import zone_names
from opulse.monitoring.notifications.models import Schedule, SchedulePreset

SCHEDULE_LABELS: Final[dict[SchedulePreset, str]] = {
    SchedulePreset.ALWAYS: "24x7, always",
    SchedulePreset.EXTENDED: "18x6, Monday to Saturday, 05:00 to 23:00",
    SchedulePreset.WORKING_DAYS: "12x5, Monday to Friday, 07:00 to 19:00",
    SchedulePreset.NEVER: "Never",
}

# days of the week (Monday is 0), first and last moment of each; the last one is outside
_WINDOWS: Final[dict[SchedulePreset, tuple[range, time, time]]] = {
    SchedulePreset.EXTENDED: (range(6), time(5), time(23)),
    SchedulePreset.WORKING_DAYS: (range(5), time(7), time(19)),
}


def is_in_hours(schedule: Schedule, now: datetime) -> bool:
    """Wall-clock time of the schedule's zone counts: on the day on which clocks change a window is an hour longer or shorter."""
    if schedule.preset is SchedulePreset.ALWAYS:
        return True
    if schedule.preset is SchedulePreset.NEVER:
        return False
    days, first, last = _WINDOWS[schedule.preset]
    there = now.astimezone(ZoneInfo(schedule.zone))
    return there.weekday() in days and first <= there.time() < last


def is_zone(name: str) -> bool:
    """Whether the time zone database has a zone of that name."""
    return name in zone_names()


def list_zones() -> tuple[str, ...]:
    """Names for a list to choose from: those of places."""
    return tuple(sorted(zone for zone in zone_names() if "/" in zone and not zone.startswith("Etc/")))
