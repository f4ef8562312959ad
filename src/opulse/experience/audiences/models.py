"""The rule of a segment as a tree. ``rules.parsing`` reads it from text, ``store.compiling`` makes SQL of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

SEGMENT_REFRESH = "audiences.refresh"
"""Job {segment}: ask the rule of every contact of the directory, and set the members."""

STALE_DUE = "audiences.stale_due"
"""Due regularly: ask the rules that were not asked for some hours, and forget samples whose time is over."""

CHARACTERS_MAX, TERMS_MAX, DEPTH_MAX = 4_000, 100, 20
"""Limits of one rule: its text, its comparisons, its parentheses and nots inside each other."""


class RuleUnreadable(ValueError):
    """The text is no rule; the message says where and what was expected."""


class Attribute(StrEnum):
    """Texts that every contact has, by their words in a rule."""

    FIRST_NAME = "firstName"
    LAST_NAME = "lastName"
    EMAIL = "email"
    EMAIL_DOMAIN = "emailDomain"
    EXT_REF = "extRef"
    PHONE = "phone"
    LANGUAGE = "language"
    TIME_ZONE = "timeZone"


class Moment(StrEnum):
    """Times that a rule asks about."""

    ADDED = "added"  # to the directory
    CHANGED = "changed"  # any of their data
    LAST_ASKED = "lastAsked"  # the newest invitation that took a slot
    LAST_ANSWERED = "lastAnswered"  # the newest recorded answer


class Tally(StrEnum):
    """Numbers that a rule asks about."""

    ASKED = "asked"  # invitations that took a slot
    ANSWERED = "answered"  # recorded answers


class How(StrEnum):
    """How texts and numbers are compared. Texts without case; an absent value is an empty text."""

    EQUALS = "="
    CONTAINS = "contains"
    STARTS = "startsWith"
    ENDS = "endsWith"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


ORDERED = frozenset({How.LESS, How.AT_MOST, How.MORE, How.AT_LEAST})


@dataclass(frozen=True, slots=True)
class OfText:
    """A text that every contact has is compared with any of the values."""

    attribute: Attribute
    how: How
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfData:
    """Embedded data is compared with any of the values; of a list, one member is enough. ``is_number``: ordered as numbers,
    else (dates) sign by sign."""

    name: str
    how: How
    values: tuple[str, ...]
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """The moment lies within this time before now. Never true of one that never was."""

    moment: Moment
    age: timedelta


@dataclass(frozen=True, slots=True)
class Since:
    """The moment lies behind (else before) the given one. Never true of one that never was."""

    moment: Moment
    behind: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Never:
    moment: Moment


@dataclass(frozen=True, slots=True)
class Counted:
    tally: Tally
    how: How
    number: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Whether the contact is not opted out of the directory."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class OnList:
    """The contact is on one of the lists (by id or name), and has not left it."""

    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    term: Term


@dataclass(frozen=True, slots=True)
class AllOf:
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    terms: tuple[Term, ...]


Term: TypeAlias = (
    OfText | OfData | Within | Since | Never | Counted | Subscribed | OnList | Not | AllOf | AnyOf
)


class SampleRefused(ValueError):
    """The sample cannot be drawn; the message says why."""


SAMPLE_MAX = 100_000
SAMPLE_LIFE = timedelta(days=365)
