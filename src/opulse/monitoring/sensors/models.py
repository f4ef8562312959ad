"""A sensor of a tenant, what a notification picks of it, and what the evaluator answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec
from pyroaring import BitMap

from opulse.catalogue.models import Scalar

Touched = frozenset[int]
"""Indices of the sensors that a record touched."""

Subscriber = Callable[[int, "Touched | None", int], None]
"""``callback(tenant, touched, position)``, called in the event loop; ``touched`` is None when anything may have changed
(members, reporting, the catalogue): a batch from which systems report again calls twice. It must return quickly: note what to
re-decide, do not decide."""

Heard = Callable[[int, BitMap, datetime], None]
"""``callback(tenant, systems, at)``, called in the event loop for systems that reported to this process without a change."""


@dataclass(frozen=True, slots=True)
class Report:
    """Systems of a tenant that reported, without a change, in the quarter of a minute that began at ``heard_at``."""

    tenant: int
    heard_at: datetime
    systems: BitMap


class SensorOrigin(StrEnum):
    """Where a sensor comes from."""

    FACTORY = "factory"  # a kit of the catalogue; our agent may evaluate it
    CUSTOM = "custom"  # made by a person; states come from a gateway or another tool


class SensorProblem(StrEnum):
    """Why a sensor cannot be made or changed as asked."""

    NAME_TAKEN = "name_taken"  # the tenant has a sensor of that name, compared without case
    BAD_VARIABLES = "bad_variables"  # a variable is unknown or its value cannot be used
    FROM_KIT = "from_kit"  # only a sensor that a person made can be deleted
    IN_USE = "in_use"  # a notification, a silence or a source uses it


class SensorRefused(Exception):
    """A sensor was not made or changed. ``what`` maps each culprit to what is wrong with it."""

    def __init__(self, problem: SensorProblem, what: Mapping[str, str]) -> None:
        super().__init__(f"{problem}: {', '.join(f'{name} {why}' for name, why in what.items())}")
        self.problem = problem
        self.what = dict(what)


@dataclass(frozen=True, slots=True)
class GroupSetting:
    """What holds for the systems of one group. ``enabled`` None: as everywhere; ``variables`` lie over those of everywhere."""

    enabled: bool | None = None
    variables: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def says_nothing(self) -> bool:
        """Whether it may as well not be there."""
        return self.enabled is None and not self.variables


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor of a tenant. ``variables`` are the tenant's own values over ``defaults``.

    ``in_groups``: index of a group → what holds there. A system of several such groups takes each switch and each value from
    the group that was made last.
    """

    idx: int
    guid: str
    name: str
    category: str
    help: str
    severity: int
    instanced: bool
    origin: SensorOrigin
    enabled: bool
    variables: Mapping[str, Scalar]
    defaults: Mapping[str, Scalar]
    unit: str = ""
    in_groups: Mapping[int, GroupSetting] = field(default_factory=dict)

    @property
    def effective(self) -> dict[str, Scalar]:
        """The values that an evaluation uses where no group says otherwise."""
        return {**self.defaults, **self.variables}

    def within(self, groups: Collection[int]) -> GroupSetting:
        """The switch (never None) and the tenant's own values for a system of these groups."""
        enabled, variables = self.enabled, dict(self.variables)
        for idx in sorted(self.in_groups.keys() & set(groups)):
            setting = self.in_groups[idx]
            enabled = enabled if setting.enabled is None else setting.enabled
            variables |= setting.variables
        return GroupSetting(enabled, variables)


@dataclass(frozen=True, slots=True)
class SensorPick:
    """One line of a notification: this sensor, on any instance (None) or on the named one (compared without case)."""

    sensor_idx: int
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many systems of a group are hit, as of a journal position.

    ``qualifying`` holds the indices of the members that report and on which *all* picks are triggered; ``reporting`` is the
    number of members heard from within the window (the denominator of percentages), ``members`` all of the group.
    """

    qualifying: BitMap
    reporting: int
    members: int
    position: int


@dataclass(frozen=True, slots=True)
class ActiveInstance:
    """A sensor that is triggered on a system; ``instance`` is None for a sensor without instances."""

    sensor: str
    instance: str | None


UNORDERED = -1
"""``seq`` of a batch whose sender keeps an order of its own: it is taken whatever a system's agent has sent, and raises nothing.
No sender on the wire can write it."""


class StatesRecord(msgspec.Struct, frozen=True, array_like=True):
    """Payload of a ``STATES`` journal record: one batch.

    ``named`` is the serialized bitmap of the systems that the batch speaks for; with ``full`` their earlier bits are dropped
    first. Each change is (sensor index, instance as written, triggered, serialized bitmap of systems). A system that has
    reported a larger ``seq`` by then is passed over.
    """

    seq: int
    full: bool
    named: bytes
    changes: list[tuple[int, str, bool, bytes]]


class TrendSpan(StrEnum):
    """How far back a trend looks."""

    DAY = "24h"  # by quarters of an hour, from the samples
    WEEK = "7d"  # by hours
    MONTH = "30d"  # by four hours


@dataclass(frozen=True, slots=True)
class Parts:
    """A sensor's systems at one moment, counted by group index and by instance; zeros are left out."""

    groups: Mapping[int, int]
    instances: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TrendRow:
    """What is stored of one sensor and moment, or hour: on how many systems it was triggered (of an hour: at most)."""

    at: datetime
    systems: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """Systems on which an instance (the empty name: the sensor itself) became triggered since the last look, or stopped being."""

    instance: str
    on: BitMap
    off: BitMap


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one sensor. ``held`` are its instances with their systems, kept for the next look; None: as they were."""

    sensor: int
    systems: int
    parts: Parts
    changes: tuple[InstanceChange, ...]
    held: Mapping[str, BitMap] | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One step of a trend. ``systems`` is the most at once in it; None: nobody looked then."""

    begins: datetime
    systems: int | None


@dataclass(frozen=True, slots=True)
class SystemChange:
    """A sensor became triggered on a system (``on``) or stopped being: seen at ``at``, and not at the look before."""

    at: datetime
    sensor: int
    instance: str
    on: bool
