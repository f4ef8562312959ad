"""Whether a desktop is offered an invitation. Pure."""

from __future__ import annotations

from datetime import datetime

from opulse.experience.distributions.models import InvitationState
from opulse.experience.prompts.models import Candidate, PromptReason
from opulse.tenancy.models import Tenant

_OPEN = frozenset(
    {
        InvitationState.OFFERED,
        InvitationState.SHOWN,
        InvitationState.QUEUED,
        InvitationState.SENDING,
        InvitationState.UNKNOWN,
        InvitationState.ACCEPTED,
        InvitationState.DEFERRED,
        InvitationState.REFUSED,
        InvitationState.BOUNCED,
    }
)
"""Whatever became of a mail beside it; shown on another system of the person is no reason against this one."""


def decide_prompt(candidate: Candidate, tenant: Tenant, now: datetime) -> PromptReason:
    """:attr:`PromptReason.OFFER`, or why not. What stops a mail stops this too."""
    speaks_against = (
        (candidate.state not in _OPEN, PromptReason.NOT_ASKED),
        (candidate.shown, PromptReason.SHOWN_BEFORE),
        (candidate.answered, PromptReason.ANSWERED),
        (candidate.send_by <= now, PromptReason.TOO_LATE),
        (candidate.deleted, PromptReason.DELETED),
        (candidate.opted_out, PromptReason.OPTED_OUT),
        (candidate.muted_until is not None and candidate.muted_until > now, PromptReason.MUTED),
        (not tenant.lets_mail_reach(candidate.email_key), PromptReason.NOT_ON_ALLOW_LIST),
    )
    return next((reason for applies, reason in speaks_against if applies), PromptReason.OFFER)
