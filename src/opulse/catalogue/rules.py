"""How a sensor is evaluated: a limit that must be passed for some time, and a clearing side with its own time."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from opulse.catalogue.models import (
    NEVER_EVALUATED,
    Comparison,
    EvaluationReason,
    EvaluationState,
    Operator,
    Reading,
    Scalar,
    SensorDefinition,
    Unavailable,
    VariableProblem,
    Variables,
)

LONGEST_GAP_SECONDS = 300
"""A hold does not survive a longer pause between two readings: a laptop that slept for an hour held nothing."""

_ORDERINGS: dict[Operator, Callable[[float, float], bool]] = {
    Operator.ABOVE: operator.gt,
    Operator.AT_LEAST: operator.ge,
    Operator.BELOW: operator.lt,
    Operator.AT_MOST: operator.le,
}
_TIME_VARIABLES = frozenset({"hold", "window"})


def evaluate(
    definition: SensorDefinition,
    variables: Variables,
    reading: Reading,
    previous: EvaluationState,
    now: datetime,
) -> tuple[EvaluationState, EvaluationReason]:
    """The sensor's next state and why.

    ``variables`` override the definition's own; ``now`` is timezone-aware. Without a reading a sensor is not triggered,
    and a hold that had begun begins anew.
    """
    if isinstance(reading, Unavailable):
        return _without_reading(previous, now), EvaluationReason.UNAVAILABLE
    values = {**definition.variables, **variables}
    side = definition.clear if previous.triggered else definition.condition
    met = compare(side, values, reading.value)
    hold = _seconds(side, values)
    if met is None or hold is None:
        return _without_reading(previous, now), EvaluationReason.NOT_COMPARABLE
    if not met:
        stays = EvaluationReason.STILL_TRIGGERED if previous.triggered else EvaluationReason.WITHIN_LIMIT
        return replace(previous, crossing_since=None, read_at=now), stays
    since = _crossing_since(previous, now)
    if (now - since).total_seconds() < hold:
        waits = EvaluationReason.CLEARING if previous.triggered else EvaluationReason.HOLDING
        return replace(previous, crossing_since=since, read_at=now), waits
    changes = EvaluationReason.CLEARED if previous.triggered else EvaluationReason.TRIGGERED
    return EvaluationState(triggered=not previous.triggered, changed_at=now, read_at=now), changes


def passes_now(definition: SensorDefinition, variables: Variables, reading: Reading) -> bool:
    """Whether a single reading is past the limit, however long it has been so."""
    if isinstance(reading, Unavailable):
        return False
    return bool(compare(definition.condition, {**definition.variables, **variables}, reading.value))


def compare(side: Comparison, values: Variables, measured: Scalar) -> bool | None:
    """Whether ``measured`` meets ``side``; None when the two cannot be compared."""
    limit = resolve(side.value, values)
    if limit is None:
        return None
    if side.op in (Operator.EQUAL, Operator.UNEQUAL):
        if kind_of(limit) is not kind_of(measured):
            return None
        return (measured == limit) == (side.op is Operator.EQUAL)
    left, right = as_number(measured), as_number(limit)
    return None if left is None or right is None else _ORDERINGS[side.op](left, right)


def resolve(value: Scalar, values: Variables) -> Scalar | None:
    """``value`` itself, or what the variable it names holds (None: there is no such variable)."""
    name = variable_named_by(value)
    return value if name is None else values.get(name)


def variable_named_by(value: Scalar) -> str | None:
    """``limit`` for ``"{limit}"``; None for anything that is not a reference."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return value[1:-1]
    return None


def check_variables(definition: SensorDefinition, overrides: Variables) -> dict[str, VariableProblem]:
    """What is wrong with each override; empty when all of them can be used."""
    found = ((name, _problem_of(definition, name, value)) for name, value in overrides.items())
    return {name: problem for name, problem in found if problem is not None}


def kind_of(value: Scalar) -> type:
    """The type that values are compared by: true-or-false, number or text (integers and fractions are one)."""
    if isinstance(value, bool):
        return bool
    return str if isinstance(value, str) else float


def as_number(value: Scalar) -> float | None:
    """The value as a finite number, or None: true-or-false and text are none."""
    if isinstance(value, bool | str) or not math.isfinite(value):
        return None
    return float(value)


def _problem_of(definition: SensorDefinition, name: str, value: Scalar) -> VariableProblem | None:
    if name not in definition.variables:
        return VariableProblem.UNKNOWN
    if kind_of(value) is not kind_of(definition.variables[name]):
        return VariableProblem.WRONG_TYPE
    if isinstance(value, float) and not math.isfinite(value):
        return VariableProblem.NOT_FINITE
    if name in _TIME_VARIABLES and isinstance(value, int | float) and value < 0:
        return VariableProblem.NEGATIVE_TIME
    return None


def _seconds(side: Comparison, values: Variables) -> float | None:
    seconds = resolve(side.for_seconds, values)
    return None if seconds is None else as_number(seconds)


def _crossing_since(previous: EvaluationState, now: datetime) -> datetime:
    """When the present crossing began: now, if it is new, the clock went back, or readings were missing too long."""
    if previous.crossing_since is None or previous.read_at is None:
        return now
    gap = (now - previous.read_at).total_seconds()
    return previous.crossing_since if 0 <= gap <= LONGEST_GAP_SECONDS else now


def _without_reading(previous: EvaluationState, now: datetime) -> EvaluationState:
    if previous.triggered:
        return EvaluationState(triggered=False, changed_at=now)
    return replace(NEVER_EVALUATED, changed_at=previous.changed_at)
