"""All sensors of the plan with their states: readings in, changes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from opulse.agent.models import Change, SensorReading
from opulse.agent.sources import Question, Readings, Sources, by_instance
from opulse.catalogue import (
    NEVER_EVALUATED,
    Catalogue,
    EvaluationReason,
    EvaluationState,
    Measured,
    Platform,
    Reading,
    SensorDefinition,
    Unavailable,
    Variables,
    check_variables,
    evaluate,
)
from opulse.wire.agent_config import AgentSensor

_Key = tuple[str, str | None]
"""Sensor name and instance."""

_GONE = Unavailable("this instance is no longer there")


class SensorBoard:
    """Keeps one state per sensor and instance, and forgets those that have nothing to remember."""

    def __init__(self, catalogue: Catalogue, platform: Platform | None) -> None:
        """``platform``: None where the catalogue knows no such platform; then nothing can be evaluated."""
        self._catalogue = catalogue
        self._platform = platform
        self._planned: dict[str, tuple[SensorDefinition, Variables]] = {}
        self._states: dict[_Key, EvaluationState] = {}
        self._latest: list[SensorReading] = []

    @property
    def latest(self) -> tuple[SensorReading, ...]:
        """Every sensor as it was last evaluated."""
        return tuple(self._latest)

    def follow(self, sensors: Sequence[AgentSensor], now: datetime) -> tuple[list[str], list[Change]]:
        """Evaluate these from now on. Gives the names that this agent cannot evaluate (an older catalogue, another
        platform), and the end of what was triggered and is no longer asked for."""
        wanted = ((sensor, self._catalogue.find(sensor.sensor)) for sensor in sensors)
        self._planned = {
            sensor.sensor: (definition, sensor.variables)
            for sensor, definition in wanted
            if definition is not None and self._platform in definition.evaluated_on
        }
        left = [key for key in self._states if key[0] not in self._planned]
        ended = [Change(*key, triggered=False, at=now) for key in left if self._states[key].triggered]
        for key in left:
            del self._states[key]
        return [sensor.sensor for sensor in sensors if sensor.sensor not in self._planned], ended

    def read(self, sources: Sources, now: datetime) -> dict[str, Readings]:
        """Ask the sources. Blocking (files, programs, two network questions); touches no state."""
        return {name: self._read_one(sources, name, now) for name in self._planned}

    def take(self, readings: Mapping[str, Readings], now: datetime) -> list[Change]:
        """Evaluate all readings; what changed, in the plan's order."""
        self._latest = []
        return [change for name, found in readings.items() for change in self._take_one(name, found, now)]

    def triggered(self) -> list[Change]:
        """All that is triggered now, with the time since when."""
        return [
            Change(*key, triggered=True, at=state.changed_at)
            for key, state in self._states.items()
            if state.triggered and state.changed_at is not None
        ]

    def _read_one(self, sources: Sources, name: str, now: datetime) -> Readings:
        definition, variables = self._planned[name]
        if problems := check_variables(definition, variables):
            listed = ", ".join(f"{variable} ({problem})" for variable, problem in problems.items())
            return Unavailable(f"the configuration sets variables that this sensor cannot take: {listed}")
        return sources.read(definition.source, Question({**definition.variables, **variables}, now))

    def _take_one(self, name: str, found: Readings, now: datetime) -> Iterator[Change]:
        if name not in self._planned:
            return
        readings = dict(by_instance(found))
        for instance, reading in readings.items():
            yield from self._evaluate(name, instance, reading, now, show=True)
        for key in [key for key in self._states if key[0] == name and key[1] not in readings]:
            yield from self._evaluate(name, key[1], _GONE, now, show=False)
        if not readings:
            self._latest.append(
                describe(self._planned[name][0], None, None, False, EvaluationReason.WITHIN_LIMIT)
            )

    def _evaluate(
        self, name: str, instance: str | None, reading: Reading, now: datetime, *, show: bool
    ) -> Iterator[Change]:
        definition, variables = self._planned[name]
        before = self._states.get((name, instance), NEVER_EVALUATED)
        after, reason = evaluate(definition, variables, reading, before, now)
        self._remember((name, instance), after)
        if show:
            self._latest.append(describe(definition, instance, reading, after.triggered, reason))
        if after.triggered != before.triggered:
            yield Change(name, instance, after.triggered, now)

    def _remember(self, key: _Key, state: EvaluationState) -> None:
        """An instance that is neither triggered nor about to be needs no state: processes come and go."""
        if state.triggered or state.crossing_since is not None:
            self._states[key] = state
        else:
            self._states.pop(key, None)


def describe(
    definition: SensorDefinition,
    instance: str | None,
    reading: Reading | None,
    triggered: bool,
    reason: EvaluationReason | None,
) -> SensorReading:
    """A reading in the words of ``SensorReading``; ``reading`` None: an instanced sensor that has no instance now."""
    return SensorReading(
        name=definition.name,
        instance=instance,
        value=reading.value if isinstance(reading, Measured) else None,
        unit=definition.unit,
        unavailable=reading.reason if isinstance(reading, Unavailable) else None,
        triggered=triggered,
        source=definition.source,
        reason=reason,
    )
