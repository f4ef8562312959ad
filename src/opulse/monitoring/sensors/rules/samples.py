"""What a sample is: counts by group and instance, and what changed since the one before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from pyroaring import BitMap

from opulse.monitoring.sensors.models import InstanceChange, Parts, Sample, SystemChange, TrendRow

Key = TypeVar("Key")

MOST_INSTANCES = 20
"""Instances counted in one sample: those on the most systems."""


def take_sample(
    sensor: int,
    systems: BitMap,
    instances: Mapping[str, BitMap],
    groups: Mapping[int, BitMap],
    before: Mapping[str, BitMap],
) -> Sample | None:
    """One look at a sensor that is triggered on ``systems``. ``before`` is what the last look held of it; nothing given is kept
    or changed. None: it is triggered nowhere, and was not at the last look.
    """
    changes = _diff(before, instances)
    if not systems and not changes:
        return None
    held = {name: found.copy() for name, found in instances.items() if found} if changes else None
    return Sample(sensor, len(systems), count_parts(systems, instances, groups), changes, held)


def merge_hour(hour: datetime, known: TrendRow | None, one: Sample) -> TrendRow:
    """An hour's row after one more look in it: the most of everything."""
    if known is None:
        return TrendRow(hour, one.systems, one.parts)
    return TrendRow(
        hour,
        max(known.systems, one.systems),
        Parts(
            _most(known.parts.groups, one.parts.groups),
            _first(_most(known.parts.instances, one.parts.instances)),
        ),
    )


def changed_systems(taken: Iterable[Sample]) -> BitMap:
    """Every system with a change in these."""
    parts = [part for one in taken for change in one.changes for part in (change.on, change.off)]
    return BitMap.union(BitMap(), *parts)


def changes_of(
    system: int, at: datetime, sensor: int, changes: Iterable[InstanceChange]
) -> list[SystemChange]:
    """What of a sensor's changes concerns one system."""
    return [
        SystemChange(at, sensor, one.instance, on=system in one.on)
        for one in changes
        if system in one.on or system in one.off
    ]


def _diff(before: Mapping[str, BitMap], instances: Mapping[str, BitMap]) -> tuple[InstanceChange, ...]:
    changes = []
    for name in sorted({*before, *instances}):
        was, now = before.get(name, BitMap()), instances.get(name, BitMap())
        if was != now:
            changes.append(InstanceChange(name, now - was, was - now))
    return tuple(changes)


def count_parts(systems: BitMap, instances: Mapping[str, BitMap], groups: Mapping[int, BitMap]) -> Parts:
    """On how many systems of each group, and of each of the first instances."""
    by_group = {idx: systems.intersection_cardinality(members) for idx, members in groups.items()}
    by_instance = {name: len(found) for name, found in instances.items() if name and found}
    return Parts({idx: count for idx, count in by_group.items() if count}, _first(by_instance))


def _most(one: Mapping[Key, int], other: Mapping[Key, int]) -> dict[Key, int]:
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in {**one, **other}}


def _first(counts: Mapping[str, int]) -> dict[str, int]:
    """The instances on the most systems."""
    best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(best[:MOST_INSTANCES])
