"""Which system has which sensor and instance triggered: a bitmap of systems for each sensor and instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
from pyroaring import BitMap

from opulse.monitoring.sensors.rules.lines import Lines, settle
from opulse.monitoring.sensors.rules.packing import Change

MOST_INSTANCES = 1000
"""Instances remembered per sensor although no system has them triggered: choices of a picker, not truth."""

_MOST_WAITING = 200_000
"""Lines that may wait for somebody to look: a megabyte, and a few milliseconds until they are in the bits."""


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
        self._waiting: list[Lines] = []  # told, and not in the bits yet
        self._lines = 0  # of those

    def apply(self, change: Change) -> None:
        """Set or clear the bits of one change."""
        self._catch_up()
        instance = self._instance(change.sensor, change.instance)
        if change.triggered:
            instance.systems |= change.systems
        else:
            instance.systems -= change.systems
        self._touched(change.sensor)

    def take(self, lines: Lines) -> None:
        """Set and clear the bits of a batch. It waits until somebody looks: a hundred batches together take a tenth of the time
        of one after the other."""
        if self._lines + len(lines) > _MOST_WAITING:
            self._catch_up()
        self._waiting.append(lines)
        self._lines += len(lines)

    def _catch_up(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting, self._lines = self._waiting, [], 0
        for settled in settle(waiting):
            sensor, name = settled.head
            instance = self._instance(sensor, name)
            if settled.on:
                instance.systems |= settled.on
            if settled.off:
                instance.systems -= settled.off
            self._touched(sensor)

    def _instance(self, sensor: int, name: str) -> Instance:
        instances = self._sensors.setdefault(sensor, {})
        key = name.casefold()
        found = instances.get(key)
        if found is None:
            found = instances[key] = Instance(name)
        return found

    def _touched(self, sensor: int) -> None:
        self._unions.pop(sensor, None)
        if len(self._sensors[sensor]) > MOST_INSTANCES:
            self._drop_idle(sensor)

    def clear(self, systems: BitMap) -> set[int]:
        """Clear every bit of these systems; the sensors that had some."""
        self._catch_up()
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
        self._catch_up()
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
        self._catch_up()
        instances = self._sensors.get(sensor, {})
        if instance is None:
            yield from instances.values()
        elif (found := instances.get(instance.casefold())) is not None:
            yield found

    def dump(self) -> list[InstanceDump]:
        """For a snapshot."""
        self._catch_up()
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
