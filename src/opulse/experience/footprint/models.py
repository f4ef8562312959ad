"""Touchpoints of one person, and what keeps us from asking them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opulse.experience.directory.models import FrequencyRule
from opulse.experience.distributions.models import Suppression


class TouchKind(StrEnum):
    """What happened between us and a person."""

    ADDED = "added"  # came into the directory
    CHANGED = "changed"  # a change of their data that workflows saw
    ASKED = "asked"  # it was decided to ask them; the state says what became of the mail
    SPARED = "spared"  # it was decided not to ask them
    HELD = "held"  # it was decided to wait
    SENT = "sent"  # the relay took the mail
    BOUNCED = "bounced"  # the relay took the mail and it came back
    STARTED = "started"  # they began to answer
    ANSWERED = "answered"  # they sent an answer; what it says is shown nowhere by name
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    TRANSACTION = "transaction"  # something that happened to them, brought by a file or the API


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """One event. ``key`` orders those of the same moment; ``of`` is the id of the distribution, the list, the activation."""

    at: datetime
    key: str
    kind: TouchKind
    what: str  # the name of the distribution, of the list; the data
    of: str
    state: str
    reason: str
    rule: str


class Obstacle(StrEnum):
    """What may keep us from asking a person; checked in this order (qualtrics-product.md 7.5)."""

    OPTED_OUT_EVERYWHERE = "opted_out_everywhere"  # of all directories
    OPTED_OUT = "opted_out"  # of the directory
    OPTED_OUT_OF_LIST = "opted_out_of_list"  # of the list that would be asked
    NO_EMAIL = "no_email"  # there is no address to write to
    SUPPRESSED = "suppressed"  # the address gets no mail: one came back for good, or was reported as spam
    NOT_ON_ALLOW_LIST = "not_on_allow_list"  # mail is not open to everybody, and the address is not listed
    MUTED = "muted"  # asked to be left alone until a time
    FATIGUE_RULE = "fatigue_rule"  # a frequency rule
    IN_ANOTHER_PULSE = "in_another_pulse"  # has an open question
    QUIET_HOURS = "quiet_hours"  # it is night for them, or they are not at work


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``holds``: it keeps us from asking now; ``until``: it ends then (None: not by itself).

    Of a frequency rule: the rule, and how many invitations it counts now. Of a suppressed address: by which rule (the reason of
    spared invitations), and since when.
    """

    obstacle: Obstacle
    holds: bool
    until: datetime | None = None
    rule: FrequencyRule | None = None
    counted: int = 0
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class MayAsk:
    """Whether a person may be asked now. ``from_when``: now, or when they may be; None: not by time alone."""

    now: bool
    from_when: datetime | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """Earlier invitations of a person that take a slot, newest first, and until when one of them is open."""

    asked: tuple[datetime, ...]
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What of a contact the checks read. ``out_of_list`` speaks of the list that would be asked."""

    email: str
    reachable: bool  # the tenant's mail is open, or the address is on the allow list
    opted_out_everywhere: bool
    opted_out: bool
    out_of_list: bool
    muted_until: datetime | None
    time_zone: str
    shift: str
    suppressed: Suppression | None = None  # the address
