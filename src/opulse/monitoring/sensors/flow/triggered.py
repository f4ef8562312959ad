"""Which system has which sensor and instance triggered: a bitmap of systems for each sensor and instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from pyroaring import BitMap

from opulse.monitoring.sensors.rules.packing import Change

MOST_INSTANCES = 1000
"""Instances remembered per sensor although no system has them triggered: choices of a picker, not truth."""


class InstanceDump(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot keeps of one instance."""

    sensor: int
    name: str
    systems: bytes


@dataclass(slots=True)
class Instance:
    """One instance of a sensor (the empty name: the sensor itself) and where it is triggered."""

    name: str
    systems: BitMap = field(default_factory=BitMap)


class Triggered:
    """The bits of one tenant. Instances are found by casefolded name and shown as first written."""

    def __init__(self) -> None:
        self._sensors: dict[int, dict[str, Instance]] = {}
        self._unions: dict[int, BitMap] = {}  # of all instances of a sensor, until one of them changes

    def apply(self, change: Change) -> None:
        """Set or clear the bits of one change."""
        instances = self._sensors.setdefault(change.sensor, {})
        key = change.instance.casefold()
        instance = instances.get(key)
        if instance is None:
            instance = instances[key] = Instance(change.instance)
        if change.triggered:
            instance.systems |= change.systems
        else:
            instance.systems -= change.systems
        self._unions.pop(change.sensor, None)
        if len(instances) > MOST_INSTANCES:
            self._drop_idle(change.sensor)

    def clear(self, systems: BitMap) -> set[int]:
        """Clear every bit of these systems; the sensors that had some."""
        touched: set[int] = set()
        for sensor, instances in self._sensors.items():
            for instance in instances.values():
                if instance.systems.intersect(systems):
                    instance.systems -= systems
                    touched.add(sensor)
        for sensor in touched:
            self._unions.pop(sensor, None)
        return touched

    def systems(self, sensor: int, instance: str | None) -> BitMap:
        """Where the sensor is triggered: on any instance (None), or on the named one. Not to be changed by the caller."""
        instances = self._sensors.get(sensor)
        if instances is None:
            return BitMap()
        if instance is not None:
            found = instances.get(instance.casefold())
            return BitMap() if found is None else found.systems
        if len(instances) == 1:
            return next(iter(instances.values())).systems
        if sensor not in self._unions:
            self._unions[sensor] = BitMap.union(BitMap(), *(one.systems for one in instances.values()))
        return self._unions[sensor]

    def instances(self, sensor: int, instance: str | None = None) -> Iterator[Instance]:
        """The sensor's instances, or the named one alone."""
        instances = self._sensors.get(sensor, {})
        if instance is None:
            yield from instances.values()
        elif (found := instances.get(instance.casefold())) is not None:
            yield found

    def dump(self) -> list[InstanceDump]:
        """For a snapshot."""
        return [
            InstanceDump(sensor, instance.name, instance.systems.serialize())
            for sensor, instances in self._sensors.items()
            for instance in instances.values()
        ]

    def restore(self, dumps: list[InstanceDump]) -> None:
        """From a snapshot."""
        for dump in dumps:
            instances = self._sensors.setdefault(dump.sensor, {})
            instances[dump.name.casefold()] = Instance(dump.name, BitMap.deserialize(dump.systems))

    def _drop_idle(self, sensor: int) -> None:
        kept = {key: instance for key, instance in self._sensors[sensor].items() if instance.systems}
        self._sensors[sensor] = kept
