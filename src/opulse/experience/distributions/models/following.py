"""Reminders and thank-yous: planned for a distribution, sent to each person as their time comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from opulse.experience.distributions.models.records import FollowUpWish, MessageSpec
from opulse.experience.distributions.models.states import DistributionKind, FollowUpState

__all__ = ["LATEST", "MOST_REMINDERS", "SOONEST", "FollowUp", "FollowUpWish", "Followed"]

MOST_REMINDERS = 3
"""Of one distribution: a person who did not answer three times does not want to."""
SOONEST = timedelta(minutes=5)
LATEST = timedelta(days=60)


@dataclass(frozen=True)
class FollowUp:
    """One planned round. ``number`` counts those of a kind, from 1."""

    tenant: int
    id: str
    distribution: str  # whose people get it
    kind: DistributionKind
    number: int
    after: timedelta
    message: MessageSpec
    state: FollowUpState
    child: str  # the distribution that its mails are; empty: nobody's time has come
    look_at: datetime | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """Somebody whose time has come: the invitation whose link they get again."""

    invitation: str
    contact: str
    wave: int
    expires_at: datetime
