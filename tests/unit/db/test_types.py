"""Points in time in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from opulse.db import Instant

DIALECT = sqlite.dialect()
AWARE = st.datetimes(
    min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.sampled_from([UTC])
)


@given(AWARE)
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    stored = Instant().process_bind_param(moment, DIALECT)
    assert Instant().process_result_value(stored, DIALECT) == moment


@given(AWARE, AWARE)
def test_stored_numbers_compare_as_the_moments_do(one: datetime, other: datetime) -> None:
    first, second = (Instant().process_bind_param(moment, DIALECT) for moment in (one, other))
    assert first is not None and second is not None
    assert (first < second) == (one < other)


def test_the_same_moment_in_another_zone_is_the_same_number() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    tokyo = noon.astimezone(timezone(timedelta(hours=9)))
    assert Instant().process_bind_param(noon, DIALECT) == Instant().process_bind_param(tokyo, DIALECT)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        Instant().process_bind_param(datetime(2026, 11, 23, 12), DIALECT)


def test_nothing_stays_nothing() -> None:
    assert Instant().process_bind_param(None, DIALECT) is None
    assert Instant().process_result_value(None, DIALECT) is None
