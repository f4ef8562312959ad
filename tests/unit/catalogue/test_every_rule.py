"""Every sensor that is shipped, at its limit, past it and back: three readings that are made out of the sensor's own rule."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from opulse.catalogue import (
    NEVER_EVALUATED,
    Comparison,
    EvaluationReason,
    Measured,
    Operator,
    Reading,
    Scalar,
    SensorDefinition,
    SensorKind,
    evaluate,
    load_catalogue,
)
from opulse.catalogue.rules import as_number, resolve, variable_named_by

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STEP = 60.0
"""Seconds between two readings, as the agent takes them: a longer pause would break a hold."""
SMALL = 0.001
"""The least that a fleet's readings differ by; limits that are larger than a million differ by one unit."""

SENSORS = [pytest.param(sensor, id=sensor.name) for sensor in load_catalogue()]

PAST = {
    Operator.ABOVE: +1,
    Operator.AT_LEAST: 0,
    Operator.BELOW: -1,
    Operator.AT_MOST: 0,
}
"""Where the nearest reading lies that meets a comparison: that many steps from its limit."""
WITHIN = {
    Operator.ABOVE: 0,
    Operator.AT_LEAST: -1,
    Operator.BELOW: 0,
    Operator.AT_MOST: +1,
}
"""The nearest reading that does not meet it."""


def limit_of(sensor: SensorDefinition, side: Comparison) -> Scalar:
    limit = resolve(side.value, sensor.variables)
    assert limit is not None
    return limit


def seconds_of(sensor: SensorDefinition, side: Comparison) -> float:
    seconds = resolve(side.for_seconds, sensor.variables)
    number = None if seconds is None else as_number(seconds)
    assert number is not None
    return number


def nearest(sensor: SensorDefinition, side: Comparison, steps: dict[Operator, int]) -> Scalar:
    """The reading that is nearest to the limit on one side of it; for true or false the value, or the other one."""
    limit = limit_of(sensor, side)
    if isinstance(limit, bool):
        assert side.op is Operator.EQUAL
        return limit if steps is PAST else not limit
    assert not isinstance(limit, str), (
        "no shipped sensor compares texts: give it a reading here before it ships"
    )
    if sensor.kind is SensorKind.EVENT:
        return int(limit) + steps[side.op]
    return limit + steps[side.op] * max(SMALL, math.ulp(limit) * 4)


class Course:
    """One sensor over time, read each minute."""

    def __init__(self, sensor: SensorDefinition) -> None:
        self.sensor = sensor
        self.state = NEVER_EVALUATED
        self.now = NOON

    def read(self, value: Scalar, after: float = STEP) -> EvaluationReason:
        self.now += timedelta(seconds=after)
        reading: Reading = Measured(value)
        self.state, reason = evaluate(self.sensor, {}, reading, self.state, self.now)
        return reason

    def keep(self, value: Scalar, seconds: float, meanwhile: EvaluationReason) -> EvaluationReason:
        """The same value each minute until ``seconds`` have gone by since the first; what the last reading said."""
        reason = self.read(value)
        passed = 0.0
        while passed < seconds:
            assert reason is meanwhile, f"{passed} s of {seconds} s: {reason}"
            after = min(STEP, seconds - passed)
            passed += after
            reason = self.read(value, after)
        return reason


def triggered(sensor: SensorDefinition) -> Course:
    course = Course(sensor)
    past = nearest(sensor, sensor.condition, PAST)
    reached = course.keep(past, seconds_of(sensor, sensor.condition), EvaluationReason.HOLDING)
    assert reached is EvaluationReason.TRIGGERED
    assert course.state.triggered
    return course


@pytest.mark.parametrize("sensor", SENSORS)
def test_at_or_below_the_limit_it_never_becomes_triggered(sensor: SensorDefinition) -> None:
    course = Course(sensor)
    within = nearest(sensor, sensor.condition, WITHIN)
    for _ in range(3):
        assert course.read(within) is EvaluationReason.WITHIN_LIMIT
    assert course.state.crossing_since is None
    assert not course.state.triggered


@pytest.mark.parametrize("sensor", SENSORS)
def test_past_the_limit_it_is_triggered_when_its_time_is_full_and_not_a_second_before(
    sensor: SensorDefinition,
) -> None:
    hold = seconds_of(sensor, sensor.condition)
    course = triggered(sensor)
    assert (course.now - NOON).total_seconds() == pytest.approx(STEP + hold)
    assert course.read(nearest(sensor, sensor.condition, PAST)) is EvaluationReason.STILL_TRIGGERED
    if hold:
        early = Course(sensor)
        past = nearest(sensor, sensor.condition, PAST)
        early.keep(past, hold - 1, EvaluationReason.HOLDING)
        assert not early.state.triggered


@pytest.mark.parametrize("sensor", SENSORS)
def test_one_reading_within_the_limit_begins_its_time_anew(sensor: SensorDefinition) -> None:
    hold = seconds_of(sensor, sensor.condition)
    course = Course(sensor)
    past = nearest(sensor, sensor.condition, PAST)
    within = nearest(sensor, sensor.condition, WITHIN)
    first = course.read(past)
    assert first is (EvaluationReason.HOLDING if hold else EvaluationReason.TRIGGERED)
    if hold:
        assert course.read(within) is EvaluationReason.WITHIN_LIMIT
        assert course.read(past) is EvaluationReason.HOLDING


@pytest.mark.parametrize("sensor", SENSORS)
def test_it_clears_at_its_clearing_limit_after_its_clearing_time(sensor: SensorDefinition) -> None:
    course = triggered(sensor)
    clearing = nearest(sensor, sensor.clear, PAST)
    cleared = course.keep(clearing, seconds_of(sensor, sensor.clear), EvaluationReason.CLEARING)
    assert cleared is EvaluationReason.CLEARED
    assert not course.state.triggered
    assert course.read(clearing) is EvaluationReason.WITHIN_LIMIT


@pytest.mark.parametrize("sensor", SENSORS)
def test_just_outside_its_clearing_limit_it_stays_triggered(sensor: SensorDefinition) -> None:
    course = triggered(sensor)
    for _ in range(3):
        assert course.read(nearest(sensor, sensor.clear, WITHIN)) is EvaluationReason.STILL_TRIGGERED


def test_no_two_sensors_share_source_condition_and_variables() -> None:
    names = defaultdict(list)
    for sensor in load_catalogue():
        names[sensor.rule].append(sensor.name)
    assert [together for together in names.values() if len(together) > 1] == []


def test_sensors_of_one_source_differ_in_what_they_decide_and_not_in_a_variable_that_nobody_reads() -> None:
    decisions = defaultdict(list)
    for sensor in load_catalogue():
        sides = [
            (side.op, limit_of(sensor, side), seconds_of(sensor, side))
            for side in (sensor.condition, sensor.clear)
        ]
        decisions[sensor.source, str(sides), sensor.variables.get("window")].append(sensor.name)
    assert [together for together in decisions.values() if len(together) > 1] == []


@pytest.mark.parametrize("sensor", SENSORS)
def test_limit_and_hold_are_variables_that_the_rule_uses(sensor: SensorDefinition) -> None:
    used = {
        name
        for side in (sensor.condition, sensor.clear)
        for name in (variable_named_by(side.value), variable_named_by(side.for_seconds))
        if name is not None
    }
    assert {"limit", "hold"} & sensor.variables.keys() <= used


def test_each_help_is_a_sentence_of_its_own() -> None:
    helps = defaultdict(list)
    for sensor in load_catalogue():
        helps[sensor.help].append(sensor.name)
    assert [together for together in helps.values() if len(together) > 1] == []
