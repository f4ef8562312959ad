"""When a schedule lets a notification activate, on the wall clock of its zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opulse.monitoring.notifications.models import Schedule, SchedulePreset
from opulse.monitoring.notifications.rules import is_in_hours, is_zone

WORKING_DAYS = Schedule(SchedulePreset.WORKING_DAYS, "Europe/Berlin")
EXTENDED = Schedule(SchedulePreset.EXTENDED, "America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "now", "inside"),
    [
        (WORKING_DAYS, "2026-01-12T05:59:59", False),  # Monday 06:59:59 in Berlin
        (WORKING_DAYS, "2026-01-12T06:00:00", True),  # 07:00
        (WORKING_DAYS, "2026-01-12T17:59:59", True),
        (WORKING_DAYS, "2026-01-12T18:00:00", False),  # 19:00 is outside
        (WORKING_DAYS, "2026-07-13T05:00:00", True),  # the same wall clock in summer is an hour earlier
        (WORKING_DAYS, "2026-01-17T10:00:00", False),  # Saturday
        (EXTENDED, "2026-01-17T10:00:00", True),  # Saturday 05:00 in New York
        (EXTENDED, "2026-01-18T15:00:00", False),  # Sunday
        (EXTENDED, "2026-01-13T03:59:59", True),  # Monday 22:59:59
        (Schedule(SchedulePreset.NEVER), "2026-01-12T10:00:00", False),
        (Schedule(), "2026-01-18T03:00:00", True),
    ],
)
def test_hours(schedule: Schedule, now: str, inside: bool) -> None:
    assert is_in_hours(schedule, at(now)) is inside


def test_zones_are_those_of_the_database() -> None:
    assert is_zone("Europe/Berlin")
    assert is_zone("UTC")
    assert not is_zone("Berlin")
    assert not is_zone("../etc/passwd")
