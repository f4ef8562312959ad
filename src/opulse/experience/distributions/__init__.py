"""Who is asked, who is spared and why; individual links; the message; sending it.

In: a survey, a message and contacts (a workflow's selection), from a task. Out: one invitation per contact with its reason, and
mails. Announces no job: rows that wait are the queue, and the commit that made them wakes the :class:`~.flow.sending.Sender`.
"""

from opulse.experience.distributions.models import (
    AskRequest,
    AskResult,
    Channel,
    Distribution,
    DistributionState,
    HoldReason,
    Invitation,
    InvitationState,
    InvitedLink,
    LinkType,
    MessageSpec,
    SpareReason,
    Wording,
)

__all__ = [
    "AskRequest",
    "AskResult",
    "Channel",
    "Distribution",
    "DistributionState",
    "HoldReason",
    "Invitation",
    "InvitationState",
    "InvitedLink",
    "LinkType",
    "MessageSpec",
    "SpareReason",
    "Wording",
]
