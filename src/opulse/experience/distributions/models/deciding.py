"""What the decision about each contact is made from, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from opulse.experience.directory.models import AskingHours, FrequencyRule
from opulse.experience.distributions.models.states import HoldReason, InvitationState, SpareReason
from opulse.tenancy.models import Tenant

DUPLICATE_WINDOW = timedelta(hours=12)
"""The same mail reaches the same person once in this time (qualtrics-product.md 7.5, 13.9)."""


class Candidate(NamedTuple):
    """One contact with the columns that the decision reads. A plain tuple: an incident has 100,000 of them.

    ``recent`` has the number of invitations inside the window of each rule of the :class:`Policy`, in its order.
    """

    contact: str
    directory: str
    email: str
    email_key: str
    first_name: str
    last_name: str
    language: str
    deleted: bool
    opted_out: bool
    opted_out_of_list: bool
    muted_until: datetime | None
    deliverable: bool  # the address can be written in a mail
    asked_by_this_pulse: bool
    asked_in_activation: bool  # by any pulse
    recent: tuple[int, ...]
    last_asked_at: datetime | None
    busy_until: datetime | None  # another pulse's invitation is open until then
    time_zone: str = ""  # empty: the directory's
    shift: str = ""  # the person's working hours, as their embedded data has them
    fields: Mapping[str, Any] = {}  # further pipes of the message → value
    suppressed: SpareReason | None = None  # the address takes no mail of ours any more
    opted_out_everywhere: bool = False  # of all directories
    duplicate: bool = False  # this person got the same mail within 12 hours


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for all candidates of one decision. ``rules`` are (directory, its rule); ``hours`` are those that are set."""

    now: datetime
    tenant: Tenant
    rules: tuple[tuple[str, FrequencyRule], ...]
    cap_left: int
    must_confirm: bool
    cancelled: bool
    hours: Mapping[str, AskingHours] = field(default_factory=dict)


class Decision(NamedTuple):
    """Ask (``queued``), spare or hold, and why. ``rule`` is the frequency rule that spared."""

    candidate: Candidate
    state: InvitationState
    reason: SpareReason | HoldReason | None = None
    rule: str = ""
    hold_until: datetime | None = None
