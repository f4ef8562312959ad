"""What is known of an invitation that a desktop might show, and why it is offered or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from opulse.experience.distributions.models import InvitationState


class PromptReason(StrEnum):
    """Why an invitation is offered to the agent of a system, or is not."""

    OFFER = "offer"  # the person is logged on there, and nothing speaks against asking now
    SHOWN_BEFORE = "shown_before"  # that system has shown it, or may have
    ANSWERED = "answered"  # the person has answered, or has said that it is not theirs
    TOO_LATE = "too_late"  # send_by has passed
    NOT_ASKED = "not_asked"  # spared, held back, stopped, or too late by now
    DELETED = "deleted"  # no longer in the directory
    OPTED_OUT = "opted_out"  # of everything, the directory or the list, since being asked
    MUTED = "muted"  # asked to be left alone until a time that has not come
    NOT_ON_ALLOW_LIST = "not_on_allow_list"  # asking is not open to everybody yet


@dataclass(frozen=True, slots=True)
class Candidate:
    """One open invitation of a person who is logged on to a system, with the columns that the decision and the words need."""

    id: str
    account: str  # by which the system knows the person
    state: InvitationState
    send_by: datetime
    expires_at: datetime
    email_key: str
    first_name: str
    last_name: str
    email: str
    language: str
    fields: Mapping[str, Any]
    distribution: str
    deleted: bool
    opted_out: bool
    muted_until: datetime | None
    answered: bool
    shown: bool
