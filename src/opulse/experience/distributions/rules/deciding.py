"""Whom to ask, whom to spare and whom to hold back, with the reason: columns in, decisions out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from opulse.experience.directory.models import FrequencyRule, RuleKind
from opulse.experience.directory.rules import next_allowed
from opulse.experience.distributions.models.deciding import Candidate, Decision, Policy
from opulse.experience.distributions.models.states import HoldReason, InvitationState, SpareReason


def decide_invitations(candidates: Iterable[Candidate], policy: Policy) -> list[Decision]:
    """One decision per candidate, in their order; those asked or held use up the cap and their address as they come.

    Hard stops first, then what this pulse and this activation did already, then frequency rules, then what only holds back:
    somebody whom a rule spares for a day is not kept waiting for the end of another pulse.
    """
    decided, addresses, left = [], set(), policy.cap_left
    for candidate in candidates:
        decision = _decide(candidate, policy, candidate.email_key in addresses, left)
        if decision.state is not InvitationState.SPARED:
            addresses.add(candidate.email_key)
            left -= 1
        decided.append(decision)
    return decided


def _decide(candidate: Candidate, policy: Policy, same_address: bool, left: int) -> Decision:
    if reason := _hard_stop(candidate, policy):
        return Decision(candidate, InvitationState.SPARED, reason)
    if candidate.asked_by_this_pulse or same_address:
        return Decision(candidate, InvitationState.SPARED, SpareReason.ALREADY_ASKED)
    for number, (directory, rule) in enumerate(policy.rules):
        if directory == candidate.directory and (reason := _broken(rule, number, candidate, policy.now)):
            return Decision(candidate, InvitationState.SPARED, reason, rule.id)
    if candidate.duplicate:
        return Decision(candidate, InvitationState.SPARED, SpareReason.DUPLICATE_MESSAGE)
    if left <= 0:
        return Decision(candidate, InvitationState.SPARED, SpareReason.OVER_CAP)
    if (until := _quiet_until(candidate, policy)) is not None:
        return Decision(candidate, InvitationState.HELD, HoldReason.QUIET_HOURS, hold_until=until)
    if candidate.busy_until is not None and candidate.busy_until > policy.now:
        until = candidate.busy_until
        return Decision(candidate, InvitationState.HELD, HoldReason.IN_ANOTHER_PULSE, hold_until=until)
    if policy.must_confirm:
        return Decision(candidate, InvitationState.HELD, HoldReason.NEEDS_CONFIRMATION)
    return Decision(candidate, InvitationState.QUEUED)


def _quiet_until(candidate: Candidate, policy: Policy) -> datetime | None:
    """When the person's quiet hours end, or their working hours begin; None: they may be asked now."""
    hours = policy.hours.get(candidate.directory)
    if hours is None or not hours.limits:
        return None
    at = next_allowed(policy.now, hours, candidate.time_zone, candidate.shift)
    return at if at > policy.now else None


def _hard_stop(candidate: Candidate, policy: Policy) -> SpareReason | None:
    if candidate.deleted:
        return SpareReason.DELETED
    if candidate.opted_out_everywhere:
        return SpareReason.OPTED_OUT_EVERYWHERE
    if candidate.opted_out:
        return SpareReason.OPTED_OUT
    if candidate.opted_out_of_list:
        return SpareReason.OPTED_OUT_OF_LIST
    if candidate.muted_until is not None and candidate.muted_until > policy.now:
        return SpareReason.MUTED
    if not candidate.email_key:
        return SpareReason.NO_EMAIL
    if not candidate.deliverable:
        return SpareReason.BAD_EMAIL
    if candidate.suppressed is not None:
        return candidate.suppressed
    if not policy.tenant.lets_mail_reach(candidate.email_key):
        return SpareReason.NOT_ON_ALLOW_LIST
    return SpareReason.STOPPED_BY_OPERATOR if policy.cancelled else None


def _broken(rule: FrequencyRule, number: int, candidate: Candidate, now: datetime) -> SpareReason | None:
    match rule.kind:
        case RuleKind.ONE_PER_ACTIVATION:
            return SpareReason.ONE_PER_ACTIVATION if candidate.asked_in_activation else None
        case RuleKind.MAX_IN_PERIOD:
            return SpareReason.FATIGUE_RULE if candidate.recent[number] >= rule.limit else None
        case RuleKind.MIN_GAP:
            last = candidate.last_asked_at
            too_soon = last is not None and now - last < timedelta(seconds=rule.period_seconds)
            return SpareReason.FATIGUE_RULE if too_soon else None
