"""When a timetable comes round: presets, zones, the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from opulse.experience.extensions.schedule.rules import next_time, read_timetable


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "after", "wanted"),
    [
        ({"preset": "daily", "time": "09:30"}, "2026-11-23T09:29", "2026-11-23T09:30"),
        ({"preset": "daily", "time": "09:30"}, "2026-11-23T09:30", "2026-11-24T09:30"),
        ({"preset": "daily", "time": "09:30", "zone": "Asia/Tokyo"}, "2026-11-23T00:29", "2026-11-23T00:30"),
        ({"preset": "weekdays", "time": "08:00"}, "2026-11-27T08:00", "2026-11-30T08:00"),
        ({"preset": "weekly", "time": "08:00", "day": "wed"}, "2026-11-23T08:00", "2026-11-25T08:00"),
        ({"preset": "monthly", "time": "08:00", "day": "31"}, "2026-11-01T00:00", "2026-11-30T08:00"),
        ({"preset": "monthly", "time": "08:00", "day": "29"}, "2027-02-01T00:00", "2027-02-28T08:00"),
        ({"preset": "hourly", "time": "00:15"}, "2026-11-23T09:15", "2026-11-23T10:15"),
        (
            {"preset": "hourly", "time": "00:15", "zone": "Asia/Kolkata"},
            "2026-11-23T09:00",
            "2026-11-23T09:45",
        ),
        # Berlin, 29 March 2026: 02:00 to 03:00 is skipped; the next minute that exists is 03:00 there
        (
            {"preset": "daily", "time": "02:30", "zone": "Europe/Berlin"},
            "2026-03-29T00:00",
            "2026-03-29T01:00",
        ),
        (
            {"preset": "daily", "time": "02:30", "zone": "Europe/Berlin"},
            "2026-03-29T01:00",
            "2026-03-30T00:30",
        ),
        # Berlin, 25 October 2026: 02:30 comes twice; it runs at the first and not at the second
        (
            {"preset": "daily", "time": "02:30", "zone": "Europe/Berlin"},
            "2026-10-24T12:00",
            "2026-10-25T00:30",
        ),
        (
            {"preset": "daily", "time": "02:30", "zone": "Europe/Berlin"},
            "2026-10-25T00:30",
            "2026-10-26T01:30",
        ),
        # Lord Howe goes forward by half an hour
        (
            {"preset": "daily", "time": "02:15", "zone": "Australia/Lord_Howe"},
            "2026-10-03T12:00",
            "2026-10-03T15:30",
        ),
    ],
)
def test_the_next_time(form: dict[str, Any], after: str, wanted: str) -> None:
    assert next_time(read_timetable(form), at(after)) == at(wanted)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"preset": "sometimes"}, "How often is one of"),
        ({"time": "24:00"}, "Time is hours and minutes"),
        ({"time": "9"}, "Time is hours and minutes"),
        ({"zone": "Mars/Olympus"}, "Time zone is a name"),
        ({"preset": "weekly"}, "Day is a day of the week"),
        ({"preset": "monthly", "day": "32"}, "Day is a day of the month"),
        ({"preset": "monthly", "day": "0"}, "Day is a day of the month"),
    ],
)
def test_what_is_no_timetable(form: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_timetable(form)
