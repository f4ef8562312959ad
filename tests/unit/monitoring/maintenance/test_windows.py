"""When a maintenance window is under way, and which drafts are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.monitoring.maintenance.models import MaintenanceWindow, Repeat, WindowDraft, WindowFault
from opulse.monitoring.maintenance.rules import check_draft, find_span, is_under_way


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ONCE = MaintenanceWindow(
    id="1",
    name="Patches",
    group_idx=1,
    group_id="g",
    group_name="Sales",
    starts_at=at("2026-03-02T21:00:00"),  # Monday 22:00 in Berlin
    ends_at=at("2026-03-02T23:00:00"),
    repeat=Repeat.ONCE,
    zone="Europe/Berlin",
    until=None,
    created_by="test",
    created_at=at("2026-03-01T00:00:00"),
)
WEEKLY = replace(ONCE, repeat=Repeat.WEEKLY)
DAILY = replace(ONCE, repeat=Repeat.DAILY)


@pytest.mark.parametrize(
    ("window", "now", "under_way"),
    [
        (ONCE, "2026-03-02T20:59:59", False),
        (ONCE, "2026-03-02T21:00:00", True),
        (ONCE, "2026-03-02T22:59:59", True),
        (ONCE, "2026-03-02T23:00:00", False),
        (ONCE, "2026-03-09T21:30:00", False),
        (WEEKLY, "2026-03-09T21:30:00", True),
        (WEEKLY, "2026-03-10T21:30:00", False),
        (WEEKLY, "2026-04-06T20:00:00", True),  # summer time: 22:00 in Berlin is 20:00 UTC
        (WEEKLY, "2026-04-06T22:00:00", False),
        (WEEKLY, "2026-02-23T21:30:00", False),  # before the first
        (DAILY, "2026-03-03T21:30:00", True),
        (replace(DAILY, until=at("2026-03-03T00:00:00")), "2026-03-03T21:30:00", False),
        # over midnight, and into the next occurrence's day
        (replace(DAILY, ends_at=at("2026-03-03T20:30:00")), "2026-03-03T20:29:00", True),
        (replace(DAILY, ends_at=at("2026-03-03T20:30:00")), "2026-03-05T20:31:00", False),
    ],
)
def test_under_way(window: MaintenanceWindow, now: str, under_way: bool) -> None:
    assert is_under_way(window, at(now)) is under_way


def test_the_next_occurrence_is_told_and_of_one_that_is_over_there_is_none() -> None:
    span = find_span(WEEKLY, at("2026-03-03T00:00:00"))
    assert span is not None
    assert (span.start, span.end) == (at("2026-03-09T21:00:00"), at("2026-03-09T23:00:00"))
    assert find_span(ONCE, at("2026-03-03T00:00:00")) is None
    assert find_span(replace(WEEKLY, until=at("2026-03-09T00:00:00")), at("2026-03-03T00:00:00")) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.sampled_from([DAILY, WEEKLY, ONCE]))
def test_a_span_ends_in_the_future_and_is_as_long_as_the_first(
    now: datetime, window: MaintenanceWindow
) -> None:
    moment = now.replace(tzinfo=UTC)
    span = find_span(window, moment)
    if span is None:
        assert window.repeat is Repeat.ONCE
        return
    assert moment < span.end
    assert span.end - span.start == timedelta(hours=2)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": " "}, WindowFault.NAME_MISSING),
        ({"starts_at": None}, WindowFault.TIMES_INVALID),
        ({"ends_at": at("2026-03-02T21:00:00")}, WindowFault.TIMES_INVALID),
        ({"ends_at": at("2026-09-02T21:00:00")}, WindowFault.TIMES_INVALID),
        ({"repeat": "daily", "ends_at": at("2026-03-03T21:00:01")}, WindowFault.TOO_LONG_TO_REPEAT),
        ({"repeat": "monthly"}, WindowFault.REPEAT_UNKNOWN),
        ({"zone": "Berlin"}, WindowFault.ZONE_UNKNOWN),
        ({"until": at("2026-03-01T21:00:00"), "repeat": "daily"}, WindowFault.TIMES_INVALID),
    ],
)
def test_what_cannot_be_saved_says_why(changes: dict[str, object], fault: WindowFault) -> None:
    draft = WindowDraft("Patches", "g", ONCE.starts_at, ONCE.ends_at, zone="Europe/Berlin")
    assert check_draft(draft, group_known=True) == ()
    [problem] = check_draft(replace(draft, **changes), group_known=True)  # type: ignore[arg-type]
    assert problem.fault is fault
    assert problem.text.endswith(".")


def test_a_group_must_be_known() -> None:
    draft = WindowDraft("Patches", "g", ONCE.starts_at, ONCE.ends_at)
    assert [problem.fault for problem in check_draft(draft, group_known=False)] == [WindowFault.GROUP_UNKNOWN]
