"""A notification, the *rule*: sensors, a group, a threshold, recipients (integration guide; systrack.md 2.7, 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

MAX_SENSORS: Final = 20
MINIMUM_OF_PERCENT: Final = 5
"""Systems that a percentage needs at least: 1 of 2 systems is half the group and no incident (spine.md 2)."""


class SchedulePreset(StrEnum):
    """When a notification may activate, in its own zone. The names are those of the product's alarm time windows."""

    ALWAYS = "24x7"
    EXTENDED = "18x6"  # Monday to Saturday, 05:00 to 23:00
    WORKING_DAYS = "12x5"  # Monday to Friday, 07:00 to 19:00
    NEVER = "never"  # it counts and shows, and never activates


@dataclass(frozen=True)
class Schedule:
    """``zone`` is a name of the IANA time zone database, e.g. ``Europe/Berlin``."""

    preset: SchedulePreset = SchedulePreset.ALWAYS
    zone: str = "UTC"


class ActivationOption(StrEnum):
    """The three options of *Activation*. Their words on the page are in ``rules.labels``, in one place."""

    ANY = "any"  # as soon as one system qualifies
    NUMBER = "number"  # N systems or more
    PERCENTAGE = "percentage"  # P percent or more of the group's systems that report now


@dataclass(frozen=True)
class Threshold:
    """When a notification activates. ``value`` is 1 for ANY, whole for NUMBER, up to two decimals for PERCENTAGE."""

    option: ActivationOption
    value: Decimal

    @property
    def is_percent(self) -> bool:
        return self.option is ActivationOption.PERCENTAGE


@dataclass(frozen=True)
class SensorChoice:
    """One sensor of a notification. ``instance`` None means *All Instances*; else compared without regard to case."""

    name: str
    instance: str | None = None


@dataclass(frozen=True)
class NotificationDraft:
    """What a form or an API call says, before it is checked."""

    name: str
    description: str
    sensors: tuple[SensorChoice, ...]
    group_id: str
    option: str
    value: str
    recipients: tuple[str, ...]
    enabled: bool = True
    minimum_systems: int | None = None  # of a percentage; None: the default
    hold_seconds: int = 0
    needed_sensors: int | None = None  # that must be triggered together on a system; None: all of them
    cool_down_seconds: int = 0
    schedule: str = SchedulePreset.ALWAYS.value
    zone: str = "UTC"


@dataclass(frozen=True)
class ResolvedSensor:
    """A chosen sensor with its dense number."""

    index: int
    name: str
    instance: str | None


@dataclass(frozen=True)
class Notification:
    """A saved notification. ``sensors`` keep the order in which they were added (it is the order of sensorNames)."""

    id: str
    name: str
    description: str
    sensors: tuple[ResolvedSensor, ...]
    group_id: str
    group_index: int
    group_name: str
    threshold: Threshold
    minimum_systems: int  # 1 unless the threshold is a percentage
    hold_seconds: int  # the condition must have held this long; 0: at once
    needed_sensors: int  # so many of ``sensors`` must be triggered together on a system; usually all of them
    cool_down_seconds: int  # after an activation ended, none begins for so long; 0: at once
    schedule: Schedule
    recipients: tuple[str, ...]
    enabled: bool
    revision: int  # counts saves on the Edit page
    created_by: str
    created_at: datetime
    modified_by: str
    modified_at: datetime


class NotificationFault(StrEnum):
    """Why a notification cannot be saved."""

    NAME_MISSING = "name_missing"  # empty, or nothing but spaces
    NAME_TOO_LONG = (
        "name_too_long"  # more than the 200 characters that fit a mail's subject and a page's title
    )
    BAD_CHARACTER = "bad_character"  # a control character, which neither mails nor databases carry
    NO_SENSOR = "no_sensor"  # at least one is needed
    TOO_MANY_SENSORS = "too_many_sensors"  # more than MAX_SENSORS
    SENSOR_UNKNOWN = "sensor_unknown"  # no such name in the tenant's catalogue
    SENSOR_REPEATED = "sensor_repeated"  # the same sensor and instance twice
    NO_INSTANCES = "no_instances"  # an instance for a sensor that has none, or one that is too long
    GROUP_UNKNOWN = "group_unknown"  # no group chosen, or one that is gone
    OPTION_UNKNOWN = "option_unknown"  # not one of the three options
    VALUE_INVALID = "value_invalid"  # no whole number of systems, or a percentage out of range
    RECIPIENT_UNKNOWN = "recipient_unknown"  # no such recipient in this tenant
    TIMING_INVALID = "timing_invalid"  # hold time, cool-down or minimum out of range
    NEEDED_INVALID = "needed_invalid"  # fewer than one of its sensors, or more than it has
    SCHEDULE_UNKNOWN = "schedule_unknown"  # not one of the presets
    ZONE_UNKNOWN = "zone_unknown"  # not in the time zone database


@dataclass(frozen=True)
class NotificationProblem:
    """One thing to mend before the notification can be saved."""

    field: str
    fault: NotificationFault
    text: str


class NotificationRefused(Exception):
    """A notification was not saved; ``problems`` says why, each with its field."""

    def __init__(self, problems: tuple[NotificationProblem, ...]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems


class ThresholdVerdict(StrEnum):
    """Whether counts reach a threshold, and else why not."""

    MET = "met"  # reached
    NOBODY_REPORTS = "nobody_reports"  # a percentage of no system at all is no percentage
    BELOW_MINIMUM = "below_minimum"  # the percentage is reached, by fewer systems than a percentage needs
    BELOW_THRESHOLD = "below_threshold"  # too few systems, or too small a share of them


@dataclass(frozen=True)
class Preview:
    """What a notification would count right now. ``of`` is the group's systems that report.

    ``in_hours`` False: its schedule keeps it from activating now, whatever it counts.
    """

    count: int
    of: int
    members: int
    verdict: ThresholdVerdict
    in_hours: bool = True

    @property
    def would_activate(self) -> bool:
        return self.verdict is ThresholdVerdict.MET and self.in_hours


@dataclass(frozen=True)
class SavedNotification:
    """``warnings`` are said once, on the page or in the answer that follows the save."""

    notification: Notification
    warnings: tuple[NotificationWarning, ...]


class NotificationWarning(StrEnum):
    """Said after a save that was taken."""

    NO_RECIPIENTS = "no_recipients"  # it will activate and tell nobody
    GROUP_EMPTY = "group_empty"  # no system is in the group, so nothing can qualify
