"""What the sender takes, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from opulse.experience.distributions.models.states import DistributionKind, InvitationState

MAIL_DUE = "mail.due"  # wake topic: an invitation may be sent
MAIL_STOP = "mail.stop"  # wake topic: something that is being sent must stop


@dataclass(frozen=True, slots=True)
class Turn:
    """A distribution that has something to send now."""

    tenant: int
    distribution: str
    priority: int
    kind: DistributionKind = DistributionKind.INVITE


class ClaimedMail(NamedTuple):
    """One invitation that a claim has moved to ``sending``. A plain tuple: an incident has 100,000 of them."""

    tenant: int
    distribution: str
    id: str
    email: str
    first_name: str
    last_name: str
    language: str
    fields: Mapping[str, Any]
    message_id: str
    attempts: int
    ambiguous: bool
    asked_at: datetime
    of_invitation: str = ""  # whose link it carries; empty: its own


class Settlement(NamedTuple):
    """Where an invitation goes after a try. ``next_try_at`` None: the sender leaves it alone from now on."""

    id: str
    state: InvitationState
    reason: str
    next_try_at: datetime | None
    ambiguous: bool
    tried: bool  # the relay was shown this mail, or may have been
    at: datetime  # when the outcome was known
    relay_code: int = 0
    relay_text: str = ""
    dead: bool = False  # the relay said that the address takes no mail at all


class BouncedMail(NamedTuple):
    """A mail that a relay refused for good, and its words."""

    contact: str
    activation: str
    relay_code: int
    relay_text: str


@dataclass(frozen=True, slots=True)
class Chores:
    """Which of the sender's chores have work now."""

    leases: bool
    late: bool
    holds: bool
    leftovers: bool
    finished: bool
