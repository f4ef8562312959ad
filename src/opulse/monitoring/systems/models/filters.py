"""A filter over systems as a tree.

``rules.filters`` reads it from text and judges one system by it, ``store.filtering`` makes SQL of it. Both mean the same, which
a property test holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from pyroaring import BitMap

MOST_CHARACTERS = 4000
MOST_TERMS = 100
MOST_VALUES = 500
DEEPEST = 20
"""Limits of one filter: its text, its comparisons, its values together, its parentheses and nots inside each other."""


class FilterError(ValueError):
    """The text is no filter. ``position`` counts characters from 1; ``expected`` says what could stand there."""

    def __init__(self, position: int, expected: str, found: str) -> None:
        super().__init__(f"At character {position}: expected {expected}, found {found}.")
        self.position = position
        self.expected = expected
        self.found = found


class Whose(StrEnum):
    """Whose field is compared."""

    SYSTEM = "system"
    USER = "user"  # any present user of the system
    PRIMARY = "primaryUser"  # a user who is marked as its primary one


class Comparison(StrEnum):
    """How a text is compared. Both sides are without case; a field that nobody filled is an empty text."""

    EQUALS = "="
    CONTAINS = "contains"
    STARTS = "startsWith"
    ENDS = "endsWith"
    MATCHES = "matches"  # the whole text; a * stands for any characters, or none
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


ORDERED = frozenset({Comparison.LESS, Comparison.AT_MOST, Comparison.MORE, Comparison.AT_LEAST})
"""Compare runs of digits as numbers, so 2.9 is less than 2.10. Never true of an empty field."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a system's facts."""

    whose: Whose
    path: str


@dataclass(frozen=True, slots=True)
class Compare:
    """``value`` is folded as the facts are; of a MATCHES it still has its stars."""

    field: Field
    how: Comparison
    value: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field is one of the values."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InNetworks:
    """The system's address lies in one of the networks, each from its first to its last address in the form of the facts."""

    ranges: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReportAge:
    """How long ago the system last reported. Never true of one that never did."""

    how: Comparison
    age: timedelta


@dataclass(frozen=True, slots=True)
class NeverReported:
    """The system has never reported."""


@dataclass(frozen=True, slots=True)
class Not:
    term: Filter


@dataclass(frozen=True, slots=True)
class AllOf:
    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    terms: tuple[Filter, ...]


Filter: TypeAlias = Compare | OneOf | InNetworks | ReportAge | NeverReported | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What filters ask of one present user of a system: folded texts by path."""

    texts: Mapping[str, str]
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What filters ask of one system: folded texts by path (beginning with ~: in the form that is ordered), and its users."""

    texts: Mapping[str, str]
    users: tuple[UserFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class LastReports:
    """Which systems last reported in which hour, as of ``now``. A report counts as made at the end of its hour, so that no system
    seems silent for longer than it is."""

    by_hour: Mapping[datetime, BitMap]
    now: datetime

    def having(self, how: Comparison, age: timedelta) -> BitMap:
        """Systems whose last report is so old. ``how`` is one of ORDERED."""
        edge = self.now - age
        return BitMap.union(
            BitMap(), *(systems for hour, systems in self.by_hour.items() if _is_so_old(hour, how, edge))
        )

    def ever(self) -> BitMap:
        """Systems that have reported."""
        return BitMap.union(BitMap(), *self.by_hour.values())

    def last(self, system: int) -> datetime | None:
        """The end of the hour in which the system last reported; None: never."""
        return next((end_of(hour) for hour, systems in self.by_hour.items() if system in systems), None)


def end_of(hour: datetime) -> datetime:
    """The moment at which a report within this hour counts as made."""
    return hour + timedelta(hours=1)


def _is_so_old(hour: datetime, how: Comparison, edge: datetime) -> bool:
    at = end_of(hour)
    match how:
        case Comparison.MORE:
            return at < edge
        case Comparison.AT_LEAST:
            return at <= edge
        case Comparison.LESS:
            return at > edge
        case _:
            return at >= edge
