"""A maintenance window, and why one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LONGEST: Final = timedelta(days=90)
MAX_NAME: Final = 200


class Repeat(StrEnum):
    """How often a window comes."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"


PERIODS: Final = {Repeat.DAILY: timedelta(days=1), Repeat.WEEKLY: timedelta(days=7)}


@dataclass(frozen=True)
class WindowDraft:
    """What a form or an API call says. Times are aware; ``starts_at`` and ``ends_at`` are those of the first occurrence."""

    name: str
    group_id: str
    starts_at: datetime | None
    ends_at: datetime | None
    repeat: str = Repeat.ONCE.value
    zone: str = "UTC"
    until: datetime | None = None


@dataclass(frozen=True)
class MaintenanceWindow:
    """A planned window. A repeated one keeps the wall-clock time of its ``zone``, and ends for good at ``until``."""

    id: str
    name: str
    group_idx: int
    group_id: str
    group_name: str
    starts_at: datetime
    ends_at: datetime
    repeat: Repeat
    zone: str
    until: datetime | None
    created_by: str
    created_at: datetime


class WindowFault(StrEnum):
    """Why a window cannot be saved."""

    NAME_MISSING = "name_missing"  # empty, or longer than 200 characters
    GROUP_UNKNOWN = "group_unknown"  # no group chosen, or one that is gone
    TIMES_INVALID = (
        "times_invalid"  # one is missing, it ends before it starts, or it lasts longer than 90 days
    )
    TOO_LONG_TO_REPEAT = "too_long_to_repeat"  # it would begin again before it has ended
    REPEAT_UNKNOWN = "repeat_unknown"  # not once, daily or weekly
    ZONE_UNKNOWN = "zone_unknown"  # not in the time zone database


@dataclass(frozen=True)
class WindowProblem:
    """One thing to mend, with the field where it stands."""

    field: str
    fault: WindowFault
    text: str


class WindowRefused(Exception):
    """A window was not saved."""

    def __init__(self, problems: tuple[WindowProblem, ...]) -> None:
        super().__init__(" ".join(problem.text for problem in problems))
        self.problems = problems
