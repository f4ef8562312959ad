"""At which hours a person may be asked, on their own clock; skipped and doubled local times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opulse.experience.directory.models import AskingHours
from opulse.experience.directory.rules import ShiftUnreadable, next_allowed, read_minutes, read_shift

NIGHT = AskingHours("UTC", 22 * 60, 7 * 60)
SHIFTS = AskingHours("UTC", 22 * 60, 7 * 60, shift_field="shift")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "until"),
    [
        ("2026-11-23T12:00:30", "", "2026-11-23T12:00:30"),
        ("2026-11-23T21:59:59", "", "2026-11-23T21:59:59"),
        ("2026-11-23T22:00:00", "", "2026-11-24T07:00:00"),
        ("2026-11-24T03:00:00", "", "2026-11-24T07:00:00"),
        ("2026-11-23T12:00:00", "Asia/Tokyo", "2026-11-23T12:00:00"),  # 21:00 there
        ("2026-11-23T13:00:00", "Asia/Tokyo", "2026-11-23T22:00:00"),
        ("2026-11-23T13:00:00", "Nowhere/Atall", "2026-11-23T13:00:00"),  # as if they had none
        ("2026-11-23T12:30:00", "America/Los_Angeles", "2026-11-23T15:00:00"),
    ],
)
def test_quiet_hours_are_those_of_the_persons_own_clock(now: str, zone: str, until: str) -> None:
    assert next_allowed(at(now), NIGHT, zone, "") == at(until)


def test_a_quiet_weekend_is_followed_by_the_quiet_night() -> None:
    hours = AskingHours("Europe/Berlin", 20 * 60, 8 * 60, (5, 6))
    friday = at("2026-11-27T19:30:00")  # 20:30 in Berlin
    assert next_allowed(friday, hours, "", "") == at("2026-11-30T07:00:00")
    assert next_allowed(at("2026-11-28T12:00:00"), hours, "", "") == at("2026-11-30T07:00:00")


def test_an_end_that_the_clock_skips_is_the_next_minute_that_there_is() -> None:
    """Berlin, 29 March 2026: 02:00 is followed by 03:00, so 02:30 is 03:00, which is 01:00 UTC."""
    hours = AskingHours("Europe/Berlin", 22 * 60, 2 * 60 + 30)
    assert next_allowed(at("2026-03-29T00:30:00"), hours, "", "") == at("2026-03-29T01:00:00")
    whole = AskingHours("Europe/Berlin", 22 * 60, 7 * 60)
    assert next_allowed(at("2026-03-29T00:30:00"), whole, "", "") == at("2026-03-29T05:00:00")


def test_an_end_that_is_doubled_comes_once() -> None:
    """Berlin, 25 October 2026: 02:30 is 00:30 and again 01:30 UTC. Quiet hours end at the first and do not begin again."""
    hours = AskingHours("Europe/Berlin", 22 * 60, 2 * 60 + 30)
    assert next_allowed(at("2026-10-25T00:15:00"), hours, "", "") == at("2026-10-25T00:30:00")
    assert next_allowed(at("2026-10-25T01:15:00"), hours, "", "") == at("2026-10-25T01:15:00")
    begins = AskingHours("Europe/Berlin", 2 * 60 + 30, 7 * 60)
    assert next_allowed(at("2026-10-25T00:45:00"), begins, "", "") == at("2026-10-25T06:00:00")


def test_working_hours_count_instead_of_quiet_ones() -> None:
    """Whoever works at night may be asked at night, and not while they sleep."""
    night_shift = "Mon-Fri 22:00-06:00"
    assert next_allowed(at("2026-11-23T23:00:00"), SHIFTS, "", night_shift) == at("2026-11-23T23:00:00")
    assert next_allowed(at("2026-11-24T05:59:00"), SHIFTS, "", night_shift) == at("2026-11-24T05:59:00")
    assert next_allowed(at("2026-11-24T06:00:00"), SHIFTS, "", night_shift) == at("2026-11-24T22:00:00")
    assert next_allowed(at("2026-11-28T07:00:00"), SHIFTS, "", night_shift) == at("2026-11-30T22:00:00")
    assert next_allowed(at("2026-11-23T12:00:00"), SHIFTS, "Asia/Tokyo", "06:00-14:00") == at(
        "2026-11-23T21:00:00"
    )


def test_working_hours_that_cannot_be_read_are_as_none() -> None:
    assert next_allowed(at("2026-11-23T23:00:00"), SHIFTS, "", "early") == at("2026-11-24T07:00:00")
    assert next_allowed(at("2026-11-23T23:00:00"), NIGHT, "", "22:00-06:00") == at("2026-11-24T07:00:00")


def test_working_hours_are_read_as_people_write_them() -> None:
    assert read_shift("Sat 06:00-14:00") == ((5, 360, 840),)
    assert read_shift("fr-mo 22.00 to 6.00") == tuple((day, 1320, 1800) for day in (0, 4, 5, 6))
    assert read_shift("Mon,Wed 06:00–12:00; Tue 13:00-17:00") == (
        (0, 360, 720),
        (2, 360, 720),
        (1, 780, 1020),
    )
    assert read_shift("") == ()
    for bad in ("early", "25:00-26:00", "Foo 06:00-14:00", "06:00"):
        with pytest.raises(ShiftUnreadable):
            read_shift(bad)


def test_times_of_day_are_read() -> None:
    assert (read_minutes(""), read_minutes("7:05"), read_minutes("22.30")) == (None, 425, 1350)
    for bad in ("24:00", "7", "07:60", "noon"):
        with pytest.raises(ValueError, match="no time of day"):
            read_minutes(bad)
