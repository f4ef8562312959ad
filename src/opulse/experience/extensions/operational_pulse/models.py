"""Whom an affected system led to, and why to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opulse.experience.directory.models import Person

WAVE_DUE = "pulse.wave_due"
LAST_LOGON_DAYS = 7


class ReachReason(StrEnum):
    """What became of one affected system on its way to a person."""

    REACHED = "reached"  # the person has a contact, and lastAlarm was written on it
    NO_USER = "no_user"  # nobody is logged on, there is no primary user, and nobody was on it within 7 days
    NO_EMAIL = "no_email"  # the person has neither an address nor a contact
    NO_CONTACT = "no_contact"  # the person has an address, no contact, and the pulse makes none


@dataclass(frozen=True)
class AffectedPerson:
    """One person of one affected system. ``person`` None: the system led to nobody."""

    system: str
    system_name: str
    person: Person | None
    reason: ReachReason
