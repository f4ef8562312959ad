"""Who is asked, who is spared and why; individual links; the message; sending it.

In: a survey, a message and contacts (a workflow's selection), from a task. Out: one invitation per contact with its reason, and
mails; reminders and thank-yous; what mails that came back make of an address. Announces no job: rows that wait are the queue, and
the commit that made them wakes the :class:`~.flow.sending.Sender`.
"""

from opulse.experience.distributions.models import (
    AskRequest,
    AskResult,
    Channel,
    Distribution,
    DistributionKind,
    DistributionState,
    FollowUpWish,
    HoldReason,
    Invitation,
    InvitationState,
    InvitedLink,
    LinkType,
    MessageSpec,
    SendWhen,
    SpareReason,
    Timing,
    Wording,
)

__all__ = [
    "AskRequest",
    "AskResult",
    "Channel",
    "Distribution",
    "DistributionKind",
    "DistributionState",
    "FollowUpWish",
    "HoldReason",
    "Invitation",
    "InvitationState",
    "InvitedLink",
    "LinkType",
    "MessageSpec",
    "SendWhen",
    "SpareReason",
    "Timing",
    "Wording",
]
