"""An incident: which systems it hits and in which order they say so."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from opulse.wire.sensor_states import StateChange


@dataclass(frozen=True, slots=True)
class Symptom:
    """A sensor that the incident triggers on every system it hits."""

    sensor: str
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentPlan:
    """``batches`` hold systems (GUIDs) in the order in which they are heard; each system is in one batch."""

    symptoms: tuple[Symptom, ...]
    batches: tuple[tuple[str, ...], ...]

    @property
    def affected(self) -> int:
        return sum(len(batch) for batch in self.batches)

    def changes(self, systems: Sequence[str], *, triggered: bool = True) -> list[StateChange]:
        """What these systems report."""
        return [
            StateChange(symptom.sensor, triggered, symptom.instance, system=system)
            for system in systems
            for symptom in self.symptoms
        ]


def plan_incident(
    symptoms: Sequence[Symptom],
    candidates: Sequence[str],
    number: int,
    seed: str,
    *,
    batches: int,
    always: Sequence[str] = (),
) -> IncidentPlan:
    """Hit ``number`` of the candidates, shuffled, in about equal batches (fewer when there are fewer systems).

    ``always`` are hit first, if they are candidates.

    Raises:
        ValueError: more systems than candidates, or none.
    """
    if not 1 <= number <= len(candidates):
        raise ValueError(f"the incident can hit 1 to {len(candidates)} systems, not {number}")
    rng = random.Random(seed)  # noqa: S311  # a simulation
    first = [system for system in always if system in candidates][:number]
    rest = [system for system in candidates if system not in first]
    hit = [*first, *rng.sample(rest, number - len(first))]
    rng.shuffle(hit)
    count = min(batches, number)
    bounds = [number * place // count for place in range(count + 1)]
    cut = tuple(tuple(hit[start:end]) for start, end in pairwise(bounds))
    return IncidentPlan(tuple(symptoms), cut)
