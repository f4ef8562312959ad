"""States, requests and records of distributions."""

from opulse.experience.distributions.models.deciding import Candidate, Decision, Policy
from opulse.experience.distributions.models.records import (
    AskRequest,
    AskResult,
    Counted,
    Distribution,
    DistributionCounts,
    Invitation,
    InvitedLink,
    MessageSpec,
    Wording,
)
from opulse.experience.distributions.models.sending import (
    MAIL_DUE,
    MAIL_STOP,
    Chores,
    ClaimedMail,
    Settlement,
    Turn,
)
from opulse.experience.distributions.models.states import (
    SLOT_STATES,
    WAITING_STATES,
    DistributionState,
    HoldReason,
    InvitationState,
    LinkType,
    MailReason,
    SpareReason,
    WaitReason,
)

__all__ = [
    "MAIL_DUE",
    "MAIL_STOP",
    "SLOT_STATES",
    "WAITING_STATES",
    "AskRequest",
    "AskResult",
    "Candidate",
    "Chores",
    "ClaimedMail",
    "Counted",
    "Decision",
    "Distribution",
    "DistributionCounts",
    "DistributionState",
    "HoldReason",
    "Invitation",
    "InvitationState",
    "InvitedLink",
    "LinkType",
    "MailReason",
    "MessageSpec",
    "Policy",
    "Settlement",
    "SpareReason",
    "Turn",
    "WaitReason",
    "Wording",
]
