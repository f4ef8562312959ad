"""How long stages took: each from the known one before it, never less than nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opulse.console.journey.latency import measure_stages

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_each_stage_is_measured_from_the_one_before_and_from_the_first() -> None:
    stages = measure_stages([("sensor", NOON), ("activation", after(0.25)), ("webhook", after(1.5))])
    assert [(one.name, one.took, one.total) for one in stages] == [
        ("sensor", 0.0, 0.0),
        ("activation", 0.25, 0.25),
        ("webhook", 1.25, 1.5),
    ]


def test_what_has_not_happened_yet_takes_no_time_and_hides_nothing() -> None:
    stages = measure_stages([("sensor", None), ("activation", NOON), ("webhook", None), ("mail", after(2))])
    assert [one.took for one in stages] == [None, 0.0, None, 2.0]
    assert [one.at for one in stages] == [None, NOON, None, after(2)]


def test_two_clocks_that_disagree_make_no_negative_time() -> None:
    stages = measure_stages([("activation", after(1)), ("webhook", NOON)])
    assert (stages[1].took, stages[1].total) == (0.0, 0.0)


def test_nothing_known_at_all() -> None:
    assert [one.total for one in measure_stages([("sensor", None)])] == [None]
