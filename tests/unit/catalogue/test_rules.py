"""Evaluation: at, below and past the limit, the two holds, and what is no reading."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.catalogue import (
    NEVER_EVALUATED,
    EvaluationReason,
    EvaluationState,
    Measured,
    Reading,
    Scalar,
    SensorDefinition,
    Unavailable,
    VariableProblem,
    check_variables,
    evaluate,
    load_catalogue,
    passes_now,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def sensor(name: str) -> SensorDefinition:
    found = load_catalogue().find(name)
    assert found is not None
    return found


RETRANSMITS = sensor("High Retransmission Rate")  # > 5 for 120 s, clears <= 5 for 300 s
REBOOT = sensor("System Pending Reboot")  # == true at once, clears at once
WIFI = sensor("Low Wifi Signal Strength")  # < 50


class Course:
    """One sensor over time; each step gives what the evaluation said."""

    def __init__(self, definition: SensorDefinition, **variables: Scalar) -> None:
        self.definition = definition
        self.variables = variables
        self.state = NEVER_EVALUATED
        self.now = NOON

    def after(self, seconds: float, reading: Reading | Scalar) -> EvaluationReason:
        self.now += timedelta(seconds=seconds)
        taken = reading if isinstance(reading, Measured | Unavailable) else Measured(reading)
        self.state, reason = evaluate(self.definition, self.variables, taken, self.state, self.now)
        return reason


def test_at_the_limit_is_within_it() -> None:
    assert Course(RETRANSMITS).after(0, 5) is EvaluationReason.WITHIN_LIMIT
    assert Course(WIFI).after(0, 50) is EvaluationReason.WITHIN_LIMIT


def test_past_the_limit_it_holds_first_and_triggers_when_the_time_is_full() -> None:
    course = Course(RETRANSMITS)
    assert course.after(0, 5.01) is EvaluationReason.HOLDING
    assert course.after(60, 9) is EvaluationReason.HOLDING
    assert course.after(59, 9) is EvaluationReason.HOLDING
    assert not course.state.triggered
    assert course.after(1, 9) is EvaluationReason.TRIGGERED
    assert course.state == EvaluationState(triggered=True, changed_at=course.now, read_at=course.now)


def test_one_reading_within_the_limit_starts_the_hold_anew() -> None:
    course = Course(RETRANSMITS)
    course.after(0, 9)
    course.after(60, 9)
    assert course.after(30, 4) is EvaluationReason.WITHIN_LIMIT
    assert course.after(30, 9) is EvaluationReason.HOLDING
    assert course.after(60, 9) is EvaluationReason.HOLDING
    assert course.after(60, 9) is EvaluationReason.TRIGGERED


def triggered_course() -> Course:
    course = Course(RETRANSMITS, hold=0)
    assert course.after(0, 9) is EvaluationReason.TRIGGERED
    return course


def test_it_clears_only_after_the_clearing_time() -> None:
    course = triggered_course()
    assert course.after(60, 9) is EvaluationReason.STILL_TRIGGERED
    assert course.after(60, 5) is EvaluationReason.CLEARING
    assert course.after(240, 5) is EvaluationReason.CLEARING
    assert course.state.triggered
    assert course.after(60, 5) is EvaluationReason.CLEARED
    assert course.state == EvaluationState(triggered=False, changed_at=course.now, read_at=course.now)


def test_a_relapse_starts_the_clearing_time_anew() -> None:
    course = triggered_course()
    course.after(60, 5)
    assert course.after(240, 6) is EvaluationReason.STILL_TRIGGERED
    assert course.after(60, 5) is EvaluationReason.CLEARING
    assert course.after(240, 5) is EvaluationReason.CLEARING


def test_unavailable_never_counts_as_triggered_and_breaks_a_hold() -> None:
    course = triggered_course()
    assert course.after(60, Unavailable("no counters")) is EvaluationReason.UNAVAILABLE
    assert not course.state.triggered
    assert course.state.changed_at == course.now

    holding = Course(RETRANSMITS)
    holding.after(0, 9)
    assert holding.after(60, Unavailable("no counters")) is EvaluationReason.UNAVAILABLE
    assert holding.after(60, 9) is EvaluationReason.HOLDING


def test_a_long_pause_holds_nothing() -> None:
    course = Course(RETRANSMITS)
    course.after(0, 9)
    assert course.after(3600, 9) is EvaluationReason.HOLDING
    assert course.after(120, 9) is EvaluationReason.TRIGGERED


def test_a_clock_that_was_set_back_starts_the_hold_anew() -> None:
    course = Course(RETRANSMITS)
    course.after(0, 9)
    assert course.after(-7200, 9) is EvaluationReason.HOLDING
    assert course.after(60, 9) is EvaluationReason.HOLDING
    assert course.after(60, 9) is EvaluationReason.TRIGGERED


def test_a_state_sensor_triggers_and_clears_at_once() -> None:
    course = Course(REBOOT)
    assert course.after(0, False) is EvaluationReason.WITHIN_LIMIT
    assert course.after(60, True) is EvaluationReason.TRIGGERED
    assert course.after(60, True) is EvaluationReason.STILL_TRIGGERED
    assert course.after(60, False) is EvaluationReason.CLEARED


def test_overrides_replace_the_kits_variables() -> None:
    assert Course(RETRANSMITS, limit=20, hold=0).after(0, 19) is EvaluationReason.WITHIN_LIMIT
    assert Course(RETRANSMITS, limit=20, hold=0).after(0, 21) is EvaluationReason.TRIGGERED


@pytest.mark.parametrize("value", ["9", True, float("nan"), float("inf")])
def test_a_reading_of_another_type_is_not_triggered(value: Scalar) -> None:
    course = triggered_course()
    assert course.after(60, value) is EvaluationReason.NOT_COMPARABLE
    assert not course.state.triggered


def test_true_is_not_the_number_one() -> None:
    assert Course(REBOOT).after(0, 1) is EvaluationReason.NOT_COMPARABLE


def test_a_single_reading_passes_the_limit_or_does_not() -> None:
    assert passes_now(RETRANSMITS, {}, Measured(5.1))
    assert not passes_now(RETRANSMITS, {}, Measured(5))
    assert not passes_now(RETRANSMITS, {"limit": 9}, Measured(5.1))
    assert not passes_now(RETRANSMITS, {}, Unavailable("no counters"))


@pytest.mark.parametrize(
    ("overrides", "problems"),
    [
        ({"limit": 7.5}, {}),
        ({"limits": 7}, {"limits": VariableProblem.UNKNOWN}),
        ({"limit": "7"}, {"limit": VariableProblem.WRONG_TYPE}),
        ({"limit": True}, {"limit": VariableProblem.WRONG_TYPE}),
        ({"limit": float("nan")}, {"limit": VariableProblem.NOT_FINITE}),
        ({"hold": -1}, {"hold": VariableProblem.NEGATIVE_TIME}),
        ({"limit": -1}, {}),
    ],
)
def test_overrides_are_checked(overrides: dict[str, Scalar], problems: dict[str, VariableProblem]) -> None:
    assert check_variables(RETRANSMITS, overrides) == problems


_steps = st.lists(
    st.tuples(
        st.floats(0, 400),
        st.one_of(st.floats(0, 10).map(Measured), st.just(Unavailable("gone"))),
    ),
    max_size=40,
)


@given(_steps)
def test_whatever_happens_a_trigger_was_held_and_an_end_was_held_or_lost(
    steps: list[tuple[float, Measured | Unavailable]],
) -> None:
    course = Course(RETRANSMITS)
    for seconds, reading in steps:
        before = course.state
        reason = course.after(seconds, reading)
        if course.state.triggered and not before.triggered:
            assert before.crossing_since is not None
            assert (course.now - before.crossing_since).total_seconds() >= 120
        if before.triggered and not course.state.triggered:
            assert reason in (EvaluationReason.CLEARED, EvaluationReason.UNAVAILABLE)
        if isinstance(reading, Unavailable):
            assert not course.state.triggered
