"""A source, what was read of a webhook, what it holds, and why something was left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

MOST_SENSORS = 2_000
"""Sensors that one source may add: a label that differs with each alert must not fill the catalogue."""

FAULTS_KEPT = 50
"""Refused items that a source remembers; of the same one only the last, with how often it came."""

REMEMBERED = timedelta(minutes=15)
"""How long the end of a state is remembered: a delayed copy of what was said before it changes nothing, where the tool tells when
each was said."""

NAME_LENGTH = 200
INSTANCE_LENGTH = 300
KEY_LENGTH = 64


class SourceKind(StrEnum):
    """Our own adapters: their folders beside this file. Installed packages bring more, under names of their own."""

    ALERTMANAGER = "alertmanager"
    FLEET = "fleet"
    CLOUDEVENTS = "cloudevents"


class LeftReason(StrEnum):
    """Why an item of a webhook was left; the others of it were taken."""

    MALFORMED = "malformed"  # not of the form that the tool documents
    NO_SENSOR = "no_sensor"  # the label or path that names the sensor is absent or empty
    NO_SYSTEM = "no_system"  # no label or path that names the system has a value
    UNDECIDED = "undecided"  # the mapping does not tell whether it is triggered
    TOO_LONG = "too_long"  # a sensor's name is at most 200 characters long, an instance's 300
    UNKNOWN_SYSTEM = "unknown_system"  # no system here has that name, full name or id
    SEVERAL_SYSTEMS = "several_systems"  # several systems here have that name
    NOT_YOURS = "not_yours"  # the key does not speak for that system
    UNKNOWN_SENSOR = "unknown_sensor"  # not in the catalogue, and the source adds none
    TOO_MANY_SENSORS = "too_many_sensors"  # the source has added as many sensors as it may
    OLDER = "older"  # a later state of the same thing was taken before
    CUT_OFF = "cut_off"  # the tool itself did not send it, because it sends only so many at once


class SourceProblem(StrEnum):
    """Why a source cannot be saved. ``SourceRefused.what`` says which field, in a sentence."""

    KIND = "kind"  # there is no adapter for it, or its package is not installed any more
    NAME = "name"  # empty, or another source of the tenant has it
    SETTINGS = "settings"  # a setting cannot be used
    LIFE = "life"  # the time to live is negative or too long, or absent where nothing else clears


class SourceRefused(Exception):
    """A source was not saved. ``what`` maps each field to what would mend it."""

    def __init__(self, problem: SourceProblem, what: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in what.items()))
        self.problem = problem
        self.what = dict(what)


class SourceOff(Exception):
    """The source is switched off: what it was sent was not taken."""


class Settings(BaseModel):
    """How an adapter reads. Texts, numbers and switches only: the console makes its form of the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str = ""
    make_sensors: bool = True


@dataclass(frozen=True)
class Delivery:
    """A request as it came. ``headers`` have lower-case names."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that another tool said: this sensor is, or is no longer, triggered on that system.

    ``key``: what the tool itself calls it; a later signal of the same key replaces this one. ``system``: a name, full name or
    GUID as written, without a port. ``at``: since when, by the tool's clock; None: it does not say. ``ordered``: of two signals
    of a key the one with the earlier ``at`` was said earlier, in whatever order they arrive.
    """

    index: int
    key: str
    sensor: str
    system: str
    triggered: bool
    instance: str = ""
    at: datetime | None = None
    ordered: bool = False
    severity: int = 5
    help: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """An item that was left. ``what`` names it for people."""

    index: int
    what: str
    reason: LeftReason
    detail: str


@dataclass(frozen=True)
class Reading:
    """What an adapter read of one request."""

    signals: list[Signal]
    left: list[Left]


@dataclass(frozen=True)
class Adapter:
    """How one kind of source is read, and what people are told about it.

    ``read`` raises ``opulse.wire.errors.UnreadableBody`` when nothing can be made of the request. ``snippet`` is what is pasted
    into the other tool, given the receiver's address. ``life``: the time to live, in seconds, that a new source begins with;
    ``ends_itself``: the tool says when something is over, so that 0 (for ever) is allowed.
    """

    kind: str
    label: str
    summary: str
    settings: type[Settings]
    read: Callable[[Any, Delivery], Reading]
    snippet: Callable[[str], str]
    sample: str
    life: int
    ends_itself: bool


@dataclass(frozen=True)
class SourceDraft:
    """What a form or an API call says of a source, before it is checked. ``life``: seconds; 0: for ever."""

    kind: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    life: int | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Source:
    """A saved source. ``sequence`` numbers what it wrote into the journal; ``made`` counts the sensors that it added."""

    id: str
    kind: str
    name: str
    settings: Mapping[str, Any]
    life: timedelta | None
    enabled: bool
    created_at: datetime
    received_at: datetime | None = None
    received: int = 0
    sequence: int = 0
    made: int = 0
    held: int = 0
    faults: int = 0


@dataclass(frozen=True)
class Fault:
    """A refused item as it is remembered."""

    what: str
    reason: LeftReason
    detail: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """A bit: this sensor and instance (casefolded) on this system, by their indices."""

    system: int
    sensor: int
    instance: str


@dataclass(frozen=True, slots=True)
class Hold:
    """What a source said last under a key. Not ``triggered``: it has ended, and is remembered for a while."""

    key: str
    system: int
    sensor: int
    instance: str  # as written
    triggered: bool
    at: datetime
    named_at: datetime
    expires_at: datetime

    @property
    def target(self) -> Target:
        return Target(self.system, self.sensor, self.instance.casefold())


@dataclass(frozen=True)
class Taken:
    """What became of one request: ``taken`` signals, of which ``changed`` sensor states changed."""

    taken: int
    changed: int
    made: list[str]
    left: list[Left]


@dataclass(frozen=True)
class Foreseen:
    """What would become of a signal. ``system_name``: the system as it is called here."""

    signal: Signal
    system_name: str
    sensor_known: bool
