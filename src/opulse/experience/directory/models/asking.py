"""How often and at which hours people may be asked, and what they said about it themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RuleKind(StrEnum):
    """How a contact frequency rule (fatigue rule) holds a person back."""

    MAX_IN_PERIOD = "max_in_period"  # at most `limit` invitations within `period_seconds`
    MIN_GAP = "min_gap"  # at least `period_seconds` since the last invitation
    ONE_PER_ACTIVATION = "one_per_activation"  # one invitation per activation and nothing else


class RuleScope(StrEnum):
    """Which invitations a frequency rule is for. A narrower one takes the place of wider ones of its kind."""

    DIRECTORY = "directory"  # all
    LIST = "list"  # those that go to one mailing list
    SURVEY = "survey"  # those to one survey


@dataclass(frozen=True)
class FrequencyRule:
    """A contact frequency rule. ``limit`` counts invitations; unused by ``min_gap`` and ``one_per_activation``.

    Whatever its scope, it counts all invitations that a person got. ``target`` is the list's or the survey's id.
    """

    id: str  # FQ_…
    kind: RuleKind
    limit: int
    period_seconds: int
    scope: RuleScope = RuleScope.DIRECTORY
    target: str = ""


@dataclass(frozen=True, slots=True)
class AskingHours:
    """When people of a directory may be asked, on their own clocks. Minutes count from midnight.

    Quiet hours run from ``quiet_from`` until ``quiet_until``, over midnight where the first is the later one; both are None
    where there are none. ``quiet_days`` (0: Monday) are quiet from midnight to midnight. ``zone`` is of people without one.
    ``shift_field`` names the embedded data with a person's own working hours, which then count instead of quiet ones.
    """

    zone: str = "UTC"
    quiet_from: int | None = None
    quiet_until: int | None = None
    quiet_days: tuple[int, ...] = ()
    shift_field: str = ""

    @property
    def limits(self) -> bool:
        """Whether anybody could be held back."""
        return self.quiet_from is not None or bool(self.quiet_days) or bool(self.shift_field)


EVERYWHERE = "*"
"""In place of a list's id: all directories of the tenant."""


class SubscriptionOrigin(StrEnum):
    """How a subscription changed."""

    PERSON = "person"  # by the link in a mail, or the button of a mail program
    OPERATOR = "operator"  # somebody at the console did it for them
    API = "api"
    IMPORT = "import"  # a row of a file said so


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """Somebody was opted out, or in again. ``list_id`` is empty where it was the directory, ``*`` where it was all of them."""

    contact: str
    list_id: str
    list_name: str
    out: bool
    origin: SubscriptionOrigin
    actor: str
    at: datetime


@dataclass(frozen=True)
class OptOut:
    """Since when a contact is opted out of the directory and of all directories, and until when they asked to be left alone;
    None: not at all."""

    since: datetime | None
    muted_until: datetime | None
    everywhere_since: datetime | None = None
