"""Whether a reminder or thank-you can be planned, and when to look for people whose time has come."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from opulse.experience.distributions.models.following import (
    LATEST,
    MOST_REMINDERS,
    SOONEST,
    FollowUp,
    FollowUpWish,
)
from opulse.experience.distributions.models.records import Distribution
from opulse.experience.distributions.models.states import DistributionKind, DistributionState

_OFTEN = timedelta(minutes=1)
_SELDOM = timedelta(minutes=15)


def why_not_followed(wish: FollowUpWish, of: Distribution, planned: Collection[FollowUp]) -> str:
    """Why this cannot be planned, as a sentence; empty: it can."""
    alike = [one for one in planned if one.kind is wish.kind]
    if of.kind is not DistributionKind.INVITE:
        return "only an invitation is followed by reminders and thank-yous"
    if not of.individual:
        return "its links are not individual, so nobody knows who answered"
    if of.state is DistributionState.CANCELLED:
        return "it was stopped, and its links are closed"
    if not SOONEST <= wish.after <= LATEST:
        return "the time is between 5 minutes and 60 days"
    if wish.kind is DistributionKind.THANK_YOU and alike:
        return "one thank-you is planned already"
    if len(alike) >= MOST_REMINDERS:
        return f"{MOST_REMINDERS} reminders are planned already"
    if any(one.after == wish.after for one in alike):
        return "a reminder at that time is planned already"
    return ""


def decide_next_look(
    one: FollowUp, first_due: datetime | None, last_end: datetime | None, now: datetime
) -> datetime | None:
    """When to look again; None: never, for the last link has expired.

    Args:
        first_due: when the first of those who are known by now is due; None: nobody is.
        last_end: when the last link ends; None: nobody was mailed yet.
    """
    if last_end is not None and last_end <= now:
        return None
    age = now - one.created_at
    often = min(max(age / 10, _OFTEN), _SELDOM)
    return min(now + often, max(first_due, now + timedelta(seconds=5))) if first_due else now + often
