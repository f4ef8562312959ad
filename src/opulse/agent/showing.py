"""Readings as lines and as JSON, for both commands that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opulse.agent.models import SensorReading


def as_json(reading: SensorReading) -> dict[str, Any]:
    """One entry of ``sensors --json``."""
    return {
        "name": reading.name,
        "source": reading.source,
        "instance": reading.instance,
        "value": reading.value,
        "unit": reading.unit,
        "unavailable": reading.unavailable,
        "triggered": reading.triggered,
    }


def as_lines(readings: Sequence[SensorReading]) -> list[str]:
    """A table, ``!`` before what is past its limit, and a line with the counts."""
    width = max((len(_title(reading)) for reading in readings), default=0)
    lines = [
        f"{'!' if reading.triggered else ' '} {_title(reading):<{width}}  {_value(reading)}"
        for reading in readings
    ]
    read = sum(reading.value is not None for reading in readings)
    over = sum(reading.triggered for reading in readings)
    return [*lines, "", f"{read} read, {over} past their limit (!), {len(readings) - read} without a value."]


def _title(reading: SensorReading) -> str:
    return reading.name if reading.instance is None else f"{reading.name} ({reading.instance})"


def _value(reading: SensorReading) -> str:
    if reading.unavailable is not None:
        return f"unavailable: {reading.unavailable}"
    if reading.value is None:
        return "nothing to report"
    value = f"{reading.value:.1f}" if isinstance(reading.value, float) else str(reading.value)
    return f"{value} {reading.unit}".rstrip()
