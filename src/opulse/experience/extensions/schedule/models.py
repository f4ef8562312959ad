"""When a schedule comes round, and the job that looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

SCHEDULES_DUE: Final = "workflow.schedules_due"
SCHEDULE_COME: Final = "workflow.schedule_come"
"""Job {workflow, at, by}: a time of a workflow's schedule has come, or a person started it."""


class Preset(StrEnum):
    """How often."""

    HOURLY = "hourly"  # every hour, at the minute of the time
    DAILY = "daily"  # every day
    WEEKDAYS = "weekdays"  # Monday to Friday
    WEEKLY = "weekly"  # on one day of the week
    MONTHLY = "monthly"  # on one day of the month; in a shorter month on its last


@dataclass(frozen=True)
class Timetable:
    """``day``: of the week (0 is Monday) or of the month (1 to 31), where the preset has one."""

    preset: Preset
    hour: int
    minute: int
    day: int
    zone: str


@dataclass(frozen=True)
class Due:
    """A workflow whose time has come, or that has none yet."""

    tenant: int
    workflow: str
    next_at: datetime | None
