"""What a kit's entry must satisfy beyond its types, so that a mistake shows when kits are read and not at 3 a.m."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opulse.catalogue.models import Comparison, Operator, SensorDefinition, SensorKind
from opulse.catalogue.rules import as_number, check_variables, compare, resolve, variable_named_by

_SOURCE = re.compile(r"[a-z0-9]+(?:[._][a-z0-9]+)+")
_ORDERINGS = frozenset({Operator.ABOVE, Operator.AT_LEAST, Operator.BELOW, Operator.AT_MOST})
LOWEST_SEVERITY, HIGHEST_SEVERITY = 1, 9


def list_problems(sensor: SensorDefinition) -> list[str]:
    """Every problem of one definition, in words; empty when it can be used."""
    return [*_of_fields(sensor), *_of_instances(sensor), *_of_sides(sensor)]


def _of_fields(sensor: SensorDefinition) -> Iterator[str]:
    for field in ("name", "category", "help"):
        text = getattr(sensor, field)
        if not text or text != text.strip() or "\n" in text:
            yield f"{field} is empty, has blanks around it or more than one line"
    if not LOWEST_SEVERITY <= sensor.severity <= HIGHEST_SEVERITY:
        yield f"severity {sensor.severity} is not from {LOWEST_SEVERITY} to {HIGHEST_SEVERITY}"
    if sensor.seen < 0:
        yield "seen is below 0"
    if not _SOURCE.fullmatch(sensor.source):
        yield f"source {sensor.source!r} is not of the form area.measure_unit"
    if not sensor.platforms:
        yield "platforms is empty"
    if not set(sensor.evaluated_on) <= set(sensor.platforms):
        yield "evaluated_on names a platform that platforms does not"
    for name, problem in check_variables(sensor, sensor.variables).items():
        yield f"variable {name!r}: {problem}"


def _of_instances(sensor: SensorDefinition) -> Iterator[str]:
    if sensor.instanced and not sensor.example_instance:
        yield "an instanced sensor needs an example_instance"
    if not sensor.instanced and sensor.example_instance is not None:
        yield "example_instance is given, but the sensor is not instanced"


def _of_sides(sensor: SensorDefinition) -> Iterator[str]:
    if sensor.kind is SensorKind.EVENT and "window" not in sensor.variables:
        yield "an event sensor needs a variable 'window' (seconds in which events are counted)"
    broken = [
        f"{label}: {text}"
        for label, side in (("condition", sensor.condition), ("clear", sensor.clear))
        for text in _of_side(sensor, side)
    ]
    yield from broken
    if not broken and _overlap(sensor):
        yield "condition and clear can be true for the same reading"


def _of_side(sensor: SensorDefinition, side: Comparison) -> Iterator[str]:
    for part in (side.value, side.for_seconds):
        name = variable_named_by(part)
        if name is not None and name not in sensor.variables:
            yield f"variable {name!r} is not declared"
            return
    limit = resolve(side.value, sensor.variables)
    if side.op in _ORDERINGS and (limit is None or as_number(limit) is None):
        yield f"{side.op.value} needs a number, not {limit!r}"
    seconds = resolve(side.for_seconds, sensor.variables)
    hold = None if seconds is None else as_number(seconds)
    if hold is None or hold < 0:
        yield f"for_seconds must be a number of at least 0, not {seconds!r}"


def _overlap(sensor: SensorDefinition) -> bool:
    """Tries the two limits and their neighbours: between them nothing changes."""
    limits = [resolve(side.value, sensor.variables) for side in (sensor.condition, sensor.clear)]
    numbers = [
        number for number in (as_number(limit) for limit in limits if limit is not None) if number is not None
    ]
    probes = [probe for number in numbers for probe in (number - 1, number, number + 1)]
    if len(numbers) == len(limits):
        probes.append(sum(numbers) / 2)
    tried = [*probes, *(limit for limit in limits if limit is not None and as_number(limit) is None)]
    return any(
        bool(compare(sensor.condition, sensor.variables, value))
        and bool(compare(sensor.clear, sensor.variables, value))
        for value in tried
    )
