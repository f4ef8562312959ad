"""What is triggered somewhere on any day: each sensor on as many systems as one real tenant showed it on."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence

from opulse.catalogue import Catalogue, SensorDefinition
from opulse.wire.sensor_states import StateChange

OBSERVED_SYSTEMS = 1_130
"""Size of the tenant in which the catalogue's ``seen`` was counted (systrack.md 6.2)."""


def background_noise(
    catalogue: Catalogue, systems: Sequence[str], seed: int, quiet: Collection[str]
) -> Iterator[StateChange]:
    """Triggered sensors of ``systems`` (GUIDs) in proportion to ``seen``.

    ``quiet`` are the sensors that notifications watch: they stay silent until an incident, so that its number of affected
    systems is the number that was asked for.
    """
    for sensor in catalogue:
        if sensor.name in quiet or not sensor.seen:
            continue
        rng = random.Random(f"noise {seed} {sensor.name}")  # noqa: S311  # a simulation
        count = min(len(systems), round(sensor.seen / OBSERVED_SYSTEMS * len(systems)))
        for system in rng.sample(systems, count):
            yield StateChange(sensor.name, True, instance_of(sensor), system=system)


def instance_of(sensor: SensorDefinition) -> str | None:
    """An instance for a sensor that has them: the catalogue's example."""
    return (sensor.example_instance or "1") if sensor.instanced else None
