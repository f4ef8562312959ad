"""Whom an affected system led to, and why to nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from opulse.experience.directory.models import Person

WAVE_DUE = "pulse.wave_due"
PEOPLE_HANDED = "pulse.people_handed"
ANSWERS_DUE = "pulse.answers_due"
LAST_LOGON_DAYS = 7


class ReachReason(StrEnum):
    """What became of one affected system on its way to a person."""

    REACHED = "reached"  # the person has a contact, and lastAlarm was written on it
    NO_USER = "no_user"  # nobody is logged on, there is no primary user, and nobody was on it within 7 days
    NO_EMAIL = "no_email"  # the person has neither an address nor a contact
    NO_CONTACT = "no_contact"  # the person has an address, no contact, and the pulse makes none
    TO_QUALTRICS = "to_qualtrics"  # the person is on the way into a directory at Qualtrics
    AT_QUALTRICS = "at_qualtrics"  # lastAlarm stands on the person's contact at Qualtrics
    ASKED_AT_QUALTRICS = (
        "asked_at_qualtrics"  # the same, and Qualtrics holds one distribution of ours to the person's list
    )
    ANSWERED_AT_QUALTRICS = (
        "answered_at_qualtrics"  # the same, and Qualtrics says that the person has finished
    )
    QUALTRICS_REFUSED = "qualtrics_refused"  # Qualtrics refused the account, the directory or this person
    QUALTRICS_UNCLEAR = "qualtrics_unclear"  # Qualtrics did not say in time whether it took the person


class HandState(StrEnum):
    """How far a person is on the way into a directory at Qualtrics."""

    WAITING = "waiting"  # is to be looked for
    FOUND = "found"  # the contact is known; lastAlarm is to be written on it
    ALIKE = "alike"  # the same, and address and reference there are ours: an import would find the contact
    MISSING = "missing"  # has no contact; is to be imported
    IMPORTING = "importing"  # is, or may be, part of an import
    ENDED = "ended"  # is there, or never will be: the reason says which


class AskState(StrEnum):
    """How far the asking of a batch by a survey at Qualtrics is."""

    LISTING = "listing"  # its mailing list at Qualtrics was, or may be, made
    LISTED = "listed"  # the list is known; people come onto it
    SENDING = "sending"  # a distribution to the list was, or may be, made
    ASKED = "asked"  # exactly one distribution to the list was seen, long enough after it was made
    NOBODY = "nobody"  # nobody came onto the list
    GIVEN_UP = "given_up"  # Qualtrics refused it, or did not say in time; the run says so


class AnswerState(StrEnum):
    """How far an answer at Qualtrics is."""

    TOLD = "told"  # Qualtrics says that the person has finished; what they said is to be read
    READ = "read"  # its answers are here, and counted
    UNREAD = "unread"  # no file held it, however often we looked: it counts as an answer, and in no question
    FORGOTTEN = "forgotten"  # the person was erased before it was read


@dataclass(frozen=True)
class SurveyThere:
    """What one survey at Qualtrics brought for an incident. ``document``: its questions in our shape; None: not known yet.

    ``asked`` and ``answered`` are people; ``counts`` (answer key, choice) → how many; ``words`` the free texts.
    """

    survey: str
    title: str
    document: dict[str, Any] | None
    asked: int
    answered: int
    first_at: datetime | None
    counts: Mapping[tuple[str, str], int]
    words: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class AffectedPerson:
    """One person of one affected system. ``person`` None: the system led to nobody."""

    system: str
    system_name: str
    person: Person | None
    reason: ReachReason


@dataclass(frozen=True)
class Target:
    """A directory at Qualtrics, as an administrator typed it; ``list_id``: where people come whom the pulse makes."""

    directory: str
    list_id: str
    create: bool
