"""Silences, inhibitions, and what they did to an activation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LONGEST: Final = timedelta(days=90)
MAX_COMMENT: Final = 500


@dataclass(frozen=True)
class Silence:
    """Between two moments nobody is told of activations that match. Empty ``notification``, ``sensor`` or ``group``: any.

    ``notification`` and ``group`` are ids, ``sensor`` is a name.
    """

    id: str
    comment: str
    notification: str
    sensor: str
    group: str
    starts_at: datetime
    ends_at: datetime
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class SilenceDraft:
    """What a form or an API call says; times are aware, or missing."""

    comment: str
    notification: str = ""
    sensor: str = ""
    group: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Inhibition:
    """While the notification ``cause`` has an open activation, nobody is told of activations of ``symptoms``. Ids."""

    id: str
    cause: str
    symptoms: tuple[str, ...]
    created_by: str
    created_at: datetime


class MuteReason(StrEnum):
    """Why nobody was told."""

    SILENCED = "silenced"  # a silence matches
    INHIBITED = "inhibited"  # an activation of its cause is open


class MuteOutcome(StrEnum):
    """What became of a muted activation."""

    WAITING = "waiting"  # muted still
    TOLD = "told"  # the silence or the cause was over first, and its recipients were told then
    NEVER_TOLD = "never_told"  # the activation was over first


@dataclass(frozen=True)
class Mute:
    """One muted activation. ``rule`` is the id of the silence or inhibition, ``words`` what it said then."""

    activation: str
    reason: MuteReason
    rule: str
    words: str
    since: datetime
    outcome: MuteOutcome = MuteOutcome.WAITING
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Subject:
    """What a silence is compared with: an activation, or a notification as it would activate now."""

    notification: str
    sensors: tuple[str, ...]
    group: str


class SilenceFault(StrEnum):
    """Why a silence or an inhibition cannot be saved."""

    COMMENT_MISSING = "comment_missing"  # empty or too long: whoever is told nothing wants to read why
    TIMES_INVALID = "times_invalid"  # missing, in the past, the wrong way round, or more than 90 days
    NOTIFICATION_UNKNOWN = "notification_unknown"  # no such notification
    SENSOR_UNKNOWN = "sensor_unknown"  # no sensor of that name
    GROUP_UNKNOWN = "group_unknown"  # no such group
    NO_SYMPTOM = "no_symptom"  # an inhibition that mutes nothing
    MUTES_ITSELF = "mutes_itself"  # the cause is among its symptoms, or two causes mute each other


@dataclass(frozen=True)
class SilenceProblem:
    """One thing to mend, with the field where it stands."""

    field: str
    fault: SilenceFault
    text: str


class SilenceRefused(Exception):
    """A silence or an inhibition was not saved."""

    def __init__(self, problems: tuple[SilenceProblem, ...]) -> None:
        super().__init__(" ".join(problem.text for problem in problems))
        self.problems = problems
