from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.wire.timestamps import activation_time, parse_time


def test_seven_fraction_digits_and_z() -> None:
    moment = datetime(2026, 3, 3, 17, 31, 7, 123456, tzinfo=timezone(timedelta(hours=1)))
    assert activation_time(moment) == "2026-03-03T16:31:07.1234560Z"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        activation_time(datetime(2026, 3, 3))


@pytest.mark.parametrize("digits", range(10))
def test_zero_to_nine_digits_are_read_and_cut(digits: int) -> None:
    fraction = "." + "987654321"[:digits] if digits else ""
    expected = int("987654321"[:digits].ljust(6, "0")[:6]) if digits else 0
    read = parse_time(f"2026-01-31T09:15:00{fraction}Z")
    assert read == datetime(2026, 1, 31, 9, 15, 0, expected, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T10:15:00+01:00",
        "2026-01-31 10:15:00+0100",
        " 2026-01-31t09:15:00. ",
        "2026-01-31T09:15:00",
    ],
)
def test_other_spellings_of_one_moment(text: str) -> None:
    assert parse_time(text) == datetime(2026, 1, 31, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-31",
        "2026-13-31T09:15:00Z",
        "2026-01-31T09:15:00.1234567890Z",
        "0001-01-01T00:00:00+05:00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 1)))
def test_what_is_written_is_read_back(moment: datetime) -> None:
    assert parse_time(activation_time(moment)) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        assert parse_time(text).tzinfo is UTC
    except ValueError as error:
        assert str(error)
