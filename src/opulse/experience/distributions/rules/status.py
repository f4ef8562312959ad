"""Our states in the product's sixteen words (qualtrics-product.md 9.2)."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.distributions.models.states import (
    InvitationState,
    MailReason,
    Progress,
    RecipientStatus,
    SpareReason,
)

_PROGRESS = {
    Progress.STARTED: RecipientStatus.SURVEY_STARTED,
    Progress.PARTIAL: RecipientStatus.SURVEY_PARTIALLY_FINISHED,
    Progress.FINISHED: RecipientStatus.SURVEY_FINISHED,
    Progress.SCREENED_OUT: RecipientStatus.SURVEY_SCREENED_OUT,
    Progress.EXPIRED: RecipientStatus.SESSION_EXPIRED,
}
_STATES = {
    InvitationState.SPARED: RecipientStatus.SKIPPED,
    InvitationState.HELD: RecipientStatus.PENDING,
    InvitationState.QUEUED: RecipientStatus.PENDING,
    InvitationState.SENDING: RecipientStatus.PENDING,
    InvitationState.DEFERRED: RecipientStatus.PENDING,
    InvitationState.UNKNOWN: RecipientStatus.UNKNOWN,
    InvitationState.OFFERED: RecipientStatus.PENDING,
    InvitationState.SHOWN: RecipientStatus.SUCCESS,
    InvitationState.ACCEPTED: RecipientStatus.SUCCESS,
    InvitationState.REFUSED: RecipientStatus.FAILURE,
    InvitationState.BOUNCED: RecipientStatus.HARD_BOUNCE,
    InvitationState.CANCELLED: RecipientStatus.SKIPPED,
    InvitationState.TOO_LATE: RecipientStatus.ERROR,
}
_REASONS = {
    (InvitationState.SPARED, SpareReason.NO_EMAIL.value): RecipientStatus.FAILURE,
    (InvitationState.SPARED, SpareReason.BAD_EMAIL.value): RecipientStatus.FAILURE,
    (InvitationState.SPARED, SpareReason.NOT_ON_ALLOW_LIST.value): RecipientStatus.BLOCKED,
    (InvitationState.SPARED, SpareReason.BOUNCED_BEFORE.value): RecipientStatus.BLOCKED,
    (InvitationState.SPARED, SpareReason.COMPLAINED.value): RecipientStatus.BLOCKED,
    (InvitationState.ACCEPTED, MailReason.COMPLAINT.value): RecipientStatus.COMPLAINT,
    (InvitationState.UNKNOWN, MailReason.COMPLAINT.value): RecipientStatus.COMPLAINT,
    (InvitationState.BOUNCED, MailReason.SOFT_BOUNCE.value): RecipientStatus.SOFT_BOUNCE,
    (InvitationState.REFUSED, MailReason.NOT_WRITABLE.value): RecipientStatus.ERROR,
}


def decide_status(state: InvitationState, reason: str, progress: Progress) -> RecipientStatus:
    """The one status of a recipient. What the person did with the survey says more than what became of the mail, so it counts
    before a bounce: somebody else may have handed them the link."""
    return _PROGRESS.get(progress) or _REASONS.get((state, reason)) or _STATES[state]


def count_statuses(
    by_standing: Mapping[tuple[InvitationState, str, Progress], int],
) -> dict[RecipientStatus, int]:
    """Recipients by status, from how many there are by state, reason and progress."""
    counts: dict[RecipientStatus, int] = {}
    for standing, people in by_standing.items():
        status = decide_status(*standing)
        counts[status] = counts.get(status, 0) + people
    return counts
