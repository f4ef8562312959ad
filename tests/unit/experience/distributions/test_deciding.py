"""Whom to ask: each reason, and which of two wins."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opulse.experience.directory import FrequencyRule, RuleKind
from opulse.experience.distributions.models import (
    Candidate,
    HoldReason,
    InvitationState,
    Policy,
    SpareReason,
)
from opulse.experience.distributions.rules import decide_invitations
from opulse.tenancy.models import Tenant

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TENANT = Tenant(1, "guid", "Acme", "client", True, False, (), 100, 100, False, NOW)
POLICY = Policy(NOW, TENANT, (), 100, False, False)
WEEKLY = FrequencyRule("FQ_week", RuleKind.MAX_IN_PERIOD, 2, 7 * 86_400)
SOMEBODY = Candidate(
    contact="CID_1",
    directory="POOL_1",
    email="Ada@example.org",
    email_key="ada@example.org",
    first_name="Ada",
    last_name="Lovelace",
    language="en",
    deleted=False,
    opted_out=False,
    opted_out_of_list=False,
    muted_until=None,
    deliverable=True,
    asked_by_this_pulse=False,
    asked_in_activation=False,
    recent=(),
    last_asked_at=None,
    busy_until=None,
)


def decide(policy: Policy = POLICY, **changes: Any) -> tuple[InvitationState, str]:
    (decision,) = decide_invitations([SOMEBODY._replace(**changes)], policy)
    return decision.state, decision.reason.value if decision.reason else ""


def test_somebody_against_whom_nothing_speaks_is_asked() -> None:
    assert decide() == (InvitationState.QUEUED, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deleted": True}, SpareReason.DELETED),
        ({"opted_out_everywhere": True, "opted_out": True}, SpareReason.OPTED_OUT_EVERYWHERE),
        ({"opted_out": True}, SpareReason.OPTED_OUT),
        ({"opted_out_of_list": True}, SpareReason.OPTED_OUT_OF_LIST),
        ({"muted_until": NOW + HOUR}, SpareReason.MUTED),
        ({"email": "", "email_key": "", "deliverable": False}, SpareReason.NO_EMAIL),
        ({"deliverable": False}, SpareReason.BAD_EMAIL),
        ({"asked_by_this_pulse": True}, SpareReason.ALREADY_ASKED),
    ],
)
def test_each_stop_has_its_reason(changes: dict[str, Any], reason: SpareReason) -> None:
    assert decide(**changes) == (InvitationState.SPARED, reason.value)


def test_stops_that_are_over_do_not_count() -> None:
    assert decide(muted_until=NOW, busy_until=NOW, last_asked_at=NOW - HOUR) == (InvitationState.QUEUED, "")


def test_a_closed_mail_reaches_the_allow_list_only() -> None:
    closed = replace(POLICY, tenant=replace(TENANT, mail_open=False, allow_list=("bob@example.org",)))
    assert decide(closed) == (InvitationState.SPARED, "not_on_allow_list")
    assert decide(closed, email_key="bob@example.org")[0] is InvitationState.QUEUED


def test_the_one_who_opted_out_is_told_so_and_not_of_a_rule() -> None:
    policy = replace(POLICY, rules=(("POOL_1", WEEKLY),), cap_left=0, cancelled=True, must_confirm=True)
    assert decide(policy, opted_out=True, recent=(9,)) == (InvitationState.SPARED, "opted_out")


@pytest.mark.parametrize(("recent", "state"), [(1, "queued"), (2, "spared"), (3, "spared")])
def test_at_most_so_many_in_a_period(recent: int, state: str) -> None:
    policy = replace(POLICY, rules=(("POOL_1", WEEKLY),))
    (decision,) = decide_invitations([SOMEBODY._replace(recent=(recent,))], policy)
    assert (decision.state.value, decision.rule) == (state, "FQ_week" if state == "spared" else "")


def test_a_rule_of_another_directory_says_nothing() -> None:
    policy = replace(POLICY, rules=(("POOL_other", WEEKLY),))
    assert decide(policy, recent=(5,))[0] is InvitationState.QUEUED


def test_the_gap_is_over_at_its_very_end() -> None:
    gap = FrequencyRule("FQ_gap", RuleKind.MIN_GAP, 1, 3600)
    policy = replace(POLICY, rules=(("POOL_1", gap),))
    second = timedelta(seconds=1)
    assert decide(policy, recent=(0,), last_asked_at=NOW - HOUR + second)[1] == "fatigue_rule"
    assert decide(policy, recent=(0,), last_asked_at=NOW - HOUR)[0] is InvitationState.QUEUED


def test_one_per_activation_holds_across_pulses() -> None:
    policy = replace(POLICY, rules=(("POOL_1", FrequencyRule("FQ_1", RuleKind.ONE_PER_ACTIVATION, 1, 0)),))
    assert decide(policy, recent=(0,), asked_in_activation=True)[1] == "one_per_activation"
    assert decide(asked_in_activation=True)[0] is InvitationState.QUEUED, "without the rule"


def test_a_rule_spares_at_once_instead_of_holding_first() -> None:
    policy = replace(POLICY, rules=(("POOL_1", WEEKLY),))
    assert decide(policy, recent=(2,), busy_until=NOW + HOUR)[1] == "fatigue_rule"


def test_another_pulse_holds_until_it_is_over() -> None:
    policy = replace(POLICY, must_confirm=True)
    (decision,) = decide_invitations([SOMEBODY._replace(busy_until=NOW + HOUR)], policy)
    assert (decision.reason, decision.hold_until) == (HoldReason.IN_ANOTHER_PULSE, NOW + HOUR)


def test_the_cap_is_used_up_by_those_asked_and_held_not_by_those_spared() -> None:
    people = [
        SOMEBODY._replace(
            contact=f"CID_{number}", email_key=f"{number}@example.org", opted_out=number % 2 == 0
        )
        for number in range(8)
    ]
    decisions = decide_invitations(people, replace(POLICY, cap_left=3, must_confirm=True))
    reasons = [decision.reason.value for decision in decisions if decision.reason]
    assert reasons == ["opted_out", "needs_confirmation"] * 3 + ["opted_out", "over_cap"]


def test_one_address_is_asked_once() -> None:
    first, second, third = (SOMEBODY._replace(contact=f"CID_{number}") for number in range(3))
    decisions = decide_invitations([first._replace(opted_out=True), second, third], POLICY)
    assert [one.state.value for one in decisions] == ["spared", "queued", "spared"], (
        "a spared one takes no address"
    )
