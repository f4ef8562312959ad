"""What the outcome of one try makes of an invitation."""

from __future__ import annotations

from datetime import datetime, timedelta

from opulse.experience.distributions.models.sending import ClaimedMail, Settlement
from opulse.experience.distributions.models.states import InvitationState, MailReason
from opulse.mail.models import Outcome, OutcomeReason, OutcomeState, Stage
from opulse.mail.reports import BounceCategory, ReportKind, find_status, judge_status

FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(minutes=15)
RESEND_AFTER = timedelta(seconds=5)
TEXT = 500  # characters of the relay's words that are kept


def retry_delay(attempts: int) -> timedelta:
    """How long a deferred mail waits after its ``attempts``-th try: 30 s, doubled each time, at most 15 min."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, 10)), LAST_RETRY)


def decide_settlement(mail: ClaimedMail, outcome: Outcome, now: datetime) -> Settlement:
    """Where ``mail`` goes. One that may have been taken before stays ambiguous, whatever happens to its resend."""
    match outcome.state:
        case OutcomeState.ACCEPTED:
            return _settled(mail, outcome, InvitationState.ACCEPTED, None, now)
        case OutcomeState.NOT_SENT:
            return _as_before(mail, outcome, now)
        case OutcomeState.UNKNOWN:
            return _unknown(mail, outcome, now)
        case OutcomeState.REFUSED if outcome.reason is OutcomeReason.NOT_WRITABLE:
            return _not_writable(mail, outcome, now)
        case OutcomeState.REFUSED if outcome.stage is not Stage.MAIL:
            refused = _after_no(mail, outcome, InvitationState.REFUSED, None, now)
            return refused._replace(dead=_says_dead(outcome))
        case _:
            later = now + retry_delay(mail.attempts + 1)
            return _after_no(mail, outcome, InvitationState.DEFERRED, later, now)


def _says_dead(outcome: Outcome) -> bool:
    """Whether a relay's 5xx to RCPT means the address and not us or this mail: its enhanced code says so, as a bounce's would.

    A bare 550 is no such word: relays give it to whom they do not know as a sender.
    """
    if outcome.stage is not Stage.RCPT or not outcome.code or outcome.code < 500:
        return False
    status = find_status(outcome.text[:80])
    if not status.startswith("5.") or status == "5.0.0":
        return False
    return judge_status(status) == (ReportKind.HARD_BOUNCE, BounceCategory.RECIPIENT)


def _unknown(mail: ClaimedMail, outcome: Outcome, now: datetime) -> Settlement:
    if mail.ambiguous:
        reason = MailReason.RESENT_ONCE.value
        return _settled(mail, outcome, InvitationState.UNKNOWN, None, now, reason=reason, ambiguous=True)
    return _settled(mail, outcome, InvitationState.UNKNOWN, now + RESEND_AFTER, now, ambiguous=True)


def _not_writable(mail: ClaimedMail, outcome: Outcome, now: datetime) -> Settlement:
    """No relay was shown this mail. An earlier copy may have arrived, before the values changed."""
    state = InvitationState.UNKNOWN if mail.ambiguous else InvitationState.REFUSED
    return _settled(mail, outcome, state, None, now, reason=MailReason.NOT_WRITABLE.value, tried=False)


def _after_no(
    mail: ClaimedMail,
    outcome: Outcome,
    state: InvitationState,
    next_try_at: datetime | None,
    now: datetime,
) -> Settlement:
    """The relay did not take this copy. Where an earlier copy may have arrived, nobody can say that it was refused."""
    refused_us = outcome.state is OutcomeState.REFUSED and outcome.stage is Stage.MAIL
    reason = MailReason.SENDER_REFUSED.value if refused_us else outcome.reason.value
    if mail.ambiguous:
        reason = MailReason.RESENT_ONCE.value if next_try_at is None else reason
        return _settled(mail, outcome, InvitationState.UNKNOWN, next_try_at, now, reason=reason)
    return _settled(mail, outcome, state, next_try_at, now, reason=reason)


def _as_before(mail: ClaimedMail, outcome: Outcome, now: datetime) -> Settlement:
    """The mail's end was never written: it goes back to where it was, and the try does not count."""
    state = InvitationState.DEFERRED if mail.attempts else InvitationState.QUEUED
    state = InvitationState.UNKNOWN if mail.ambiguous else state
    return _settled(mail, outcome, state, now, now, tried=False)


def _settled(
    mail: ClaimedMail,
    outcome: Outcome,
    state: InvitationState,
    next_try_at: datetime | None,
    now: datetime,
    *,
    reason: str | None = None,
    ambiguous: bool | None = None,
    tried: bool = True,
) -> Settlement:
    return Settlement(
        id=mail.id,
        state=state,
        reason=("" if state is InvitationState.ACCEPTED else outcome.reason.value)
        if reason is None
        else reason,
        next_try_at=next_try_at,
        ambiguous=mail.ambiguous if ambiguous is None else ambiguous,
        tried=tried,
        at=now,
        relay_code=outcome.code or 0,
        relay_text=outcome.text.replace("\x00", "")[:TEXT],
    )
