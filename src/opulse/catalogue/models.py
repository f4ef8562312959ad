"""What a sensor is, what a reading is, and what one evaluation knows from the last.

The form of a definition follows the kit files (``kits/*.yaml``); ``docs/explain/sensors.md`` tells how to read one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

Scalar = int | float | bool | str
"""What a variable, a limit or a measured value may be."""

Variables = Mapping[str, Scalar]


class SensorKind(StrEnum):
    """What sort of fact the sensor's source gives."""

    METRIC = "metric"  # a number now, compared with a limit for some time
    EVENT = "event"  # how many events fell into the last ``window`` seconds
    STATE = "state"  # a condition that is true or false now
    INVENTORY = "inventory"  # a slow fact: a version, an age, something absent
    ROLLUP = "rollup"  # a share that is made out of other sensors' results


class Operator(StrEnum):
    """How a reading is compared with a limit. The four orderings take numbers only."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    EQUAL = "=="
    UNEQUAL = "!="


class Platform(StrEnum):
    """Systems a sensor makes sense on."""

    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"


class LimitsFrom(StrEnum):
    """Where the shipped limit comes from."""

    DOCUMENTED = "documented"  # the vendor's published default (health thresholds of release 10.12)
    EXAMPLE = "example"  # a number that the vendor's pages use as an example of an alarm
    OURS = "ours"  # chosen by this project; nothing was published


class KitOrigin(StrEnum):
    """Whose names a kit carries."""

    PRODUCT = "product"  # names that the commercial product uses
    OURS = "ours"  # names of this project, or of whoever wrote the kit


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side of a sensor: it holds when ``reading op value`` has been true for ``for_seconds``.

    ``value`` and ``for_seconds`` are plain, or ``"{name}"``: the variable of that name.
    """

    op: Operator
    value: Scalar
    for_seconds: int | float | str


class SensorDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One sensor, as its kit describes it. ``seen`` counts systems of about 1,130 in one real tenant."""

    name: str
    category: str
    help: str
    severity: int
    instanced: bool
    kind: SensorKind
    seen: int
    source: str
    condition: Comparison
    clear: Comparison
    variables: dict[str, Scalar]
    limits: LimitsFrom
    platforms: tuple[Platform, ...]
    example_instance: str | None = None
    evaluated_on: tuple[Platform, ...] = ()

    @property
    def rule(self) -> tuple[object, ...]:
        """What the sensor watches and how it decides: two sensors of one rule would be one sensor under two names."""
        return self.source, self.condition, self.clear, tuple(sorted(self.variables.items(), key=_by_name))

    @property
    def unit(self) -> str:
        """The unit of the source's value, empty where it has none (counts, true or false)."""
        return next((unit for ending, unit in _UNITS.items() if self.source.endswith(ending)), "")


def _by_name(variable: tuple[str, Scalar]) -> str:
    return variable[0]


_UNITS = {
    "_kb_per_second": "KB/s",
    "_per_second": "/s",
    "_kb_per_minute": "KB/min",
    "_per_minute": "/min",
    "_bytes_per_day": "bytes/day",
    "_percent": "%",
    "_percent_of_average": "%",
    "_percent_of_design": "%",
    "_percent_over_baseline": "%",
    "_ms": "ms",
    "_mbit": "Mbit/s",
    "_mb": "MB",
    "_dbm": "dBm",
    "_ppm": "ppm",
    "_hours": "h",
    "_bits": "bits",
    "_seconds": "s",
    "_bytes": "bytes",
    "_celsius": "°C",
    "_days": "days",
    "_days_left": "days",
    "_days_unused": "days",
    "days_since_start": "days",
}


class Kit(msgspec.Struct, frozen=True):
    """One kit file after reading."""

    kit: str
    origin: KitOrigin
    sensors: tuple[SensorDefinition, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sensors of all kits, by name, in the order of the kits."""

    kits: tuple[Kit, ...]
    by_name: Mapping[str, SensorDefinition]

    def find(self, name: str) -> SensorDefinition | None:
        """The sensor of exactly this name (names are never parsed), or None."""
        return self.by_name.get(name)

    def categories(self) -> tuple[str, ...]:
        """The groupings of the picker, each once, in kit order."""
        return tuple(dict.fromkeys(sensor.category for sensor in self))

    def evaluated_on(self, platform: Platform) -> tuple[SensorDefinition, ...]:
        """The sensors that our agent really reads on ``platform``."""
        return tuple(sensor for sensor in self if platform in sensor.evaluated_on)

    def __iter__(self) -> Iterator[SensorDefinition]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)


class CatalogueRefused(Exception):
    """A kit cannot be used. Says which file, which sensor (None: the file itself) and what is wrong with it."""

    def __init__(self, file: str, sensor: str | None, problem: str) -> None:
        self.file = file
        self.sensor = sensor
        self.problem = problem
        super().__init__(": ".join(part for part in (file, sensor, problem) if part))


class VariableProblem(StrEnum):
    """Why a sensor variable cannot be set to a value."""

    UNKNOWN = "unknown"  # the sensor has no variable of this name
    WRONG_TYPE = "wrong_type"  # the sensor's own value is of another type (number, text, true or false)
    NOT_FINITE = "not_finite"  # infinity or not-a-number
    NEGATIVE_TIME = "negative_time"  # a time to hold, or a window, below zero


@dataclass(frozen=True, slots=True)
class Measured:
    """A source gave this value."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A source gave nothing; ``reason`` is a sentence for people. Never counts as triggered."""

    reason: str


Reading = Measured | Unavailable


@dataclass(frozen=True, slots=True)
class EvaluationState:
    """What one evaluation of a sensor (and instance) hands to the next. All times timezone-aware."""

    triggered: bool = False
    changed_at: datetime | None = None  # when ``triggered`` last changed; None: never
    crossing_since: datetime | None = (
        None  # since when the side that would change it has held; None: it does not
    )
    read_at: datetime | None = None  # when a usable reading last came


NEVER_EVALUATED = EvaluationState()


class EvaluationReason(StrEnum):
    """Why an evaluation ended as it did."""

    WITHIN_LIMIT = "within_limit"  # not triggered: the condition is not met
    HOLDING = "holding"  # not triggered yet: the condition is met, but not for long enough
    TRIGGERED = "triggered"  # became triggered now
    STILL_TRIGGERED = "still_triggered"  # triggered: the clearing side is not met
    CLEARING = "clearing"  # triggered still: the clearing side is met, but not for long enough
    CLEARED = "cleared"  # stopped being triggered now
    UNAVAILABLE = "unavailable"  # not triggered: there is no reading
    NOT_COMPARABLE = "not_comparable"  # not triggered: reading and limit are of different types
