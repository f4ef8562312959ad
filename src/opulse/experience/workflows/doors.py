"""Doors: what a task reads of a stage behind workflows. The stage offers a function, bootstrap puts it here, tasks call it.

So *tell the desk* can ask how many cannot work although impact lies downstream, and *ask now* can offer groups of systems
although these are in the other wing. A process without that stage has no such door, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory.models import Person


@dataclass(frozen=True)
class AnswerShare:
    """Of ``answers`` to a question, ``counted`` gave one of the choices asked for."""

    answers: int
    counted: int

    @property
    def percent(self) -> float:
        return 100.0 * self.counted / self.answers if self.answers else 0.0


@dataclass(frozen=True)
class OfferedGroup:
    """A group of systems that may be chosen: its id, its name, how many systems it has."""

    id: str
    name: str
    systems: int


AnswersDoor = Callable[[Connection, int, str, str, Sequence[str]], AnswerShare]
"""(connection, tenant, activation, question, choices) → share, over all surveys of the activation."""
GroupsDoor = Callable[[Connection, int], Sequence[OfferedGroup]]
PeopleDoor = Callable[[Connection, int, str, datetime], Sequence[Person]]
"""(connection, tenant, group, now) → the people who use its systems. Raises ``LookupError`` for an unknown group."""

_doors: dict[str, Any] = {}


def open_answers_door(door: AnswersDoor) -> None:
    """Offer the counts of answers."""
    _doors["answers"] = door


def open_groups_doors(groups: GroupsDoor, people: PeopleDoor) -> None:
    """Offer groups of systems, and the people who use them."""
    _doors["groups"], _doors["people"] = groups, people


def answers_door() -> AnswersDoor | None:
    found: AnswersDoor | None = _doors.get("answers")
    return found


def groups_door() -> GroupsDoor | None:
    found: GroupsDoor | None = _doors.get("groups")
    return found


def people_door() -> PeopleDoor | None:
    found: PeopleDoor | None = _doors.get("people")
    return found
