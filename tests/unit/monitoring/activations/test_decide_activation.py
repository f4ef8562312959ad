"""When an activation opens and resolves: the rule alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from opulse.monitoring.activations.models import (
    Decision,
    DecisionKind,
    DecisionReason,
    Facts,
    Rule,
    Watch,
)
from opulse.monitoring.activations.rules import decide_activation
from opulse.monitoring.notifications.models import ActivationOption, Threshold

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
ARMED = Watch(False, -1, NEVER, None, None, None)


def rule(option: ActivationOption = ActivationOption.NUMBER, value: str = "3", **changes: object) -> Rule:
    given = Rule(
        enabled=True,
        threshold=Threshold(option, Decimal(value)),
        minimum_systems=5 if option is ActivationOption.PERCENTAGE else 1,
        hold=timedelta(0),
        clear_delay=timedelta(minutes=15),
        rearm=timedelta(minutes=240),
    )
    return replace(given, **changes)  # type: ignore[arg-type]  # the tests' own changes


def facts(
    qualifying: int, reporting: int = 50, minutes: float = 0, position: int = 7, frozen: bool = False
) -> Facts:
    return Facts(NOON + timedelta(minutes=minutes), position, qualifying, reporting, frozen)


def opened(decision: Decision) -> Watch:
    assert decision.kind is DecisionKind.OPEN
    return decision.watch


def test_opens_at_the_threshold_and_not_below() -> None:
    below = decide_activation(rule(), facts(2), ARMED)
    assert (below.kind, below.reason) == (DecisionKind.NOTHING, DecisionReason.BELOW_THRESHOLD)
    at = decide_activation(rule(), facts(3), ARMED)
    assert (at.kind, at.reason) == (DecisionKind.OPEN, DecisionReason.THRESHOLD_MET)
    assert (at.watch.decided_to, at.watch.is_open) == (7, True)


def test_check_4_24_percent_of_50_reporting_systems_activates_at_12_not_at_11() -> None:
    percent = rule(ActivationOption.PERCENTAGE, "24")
    assert decide_activation(percent, facts(11), ARMED).reason is DecisionReason.BELOW_THRESHOLD
    assert decide_activation(percent, facts(12), ARMED).kind is DecisionKind.OPEN


@pytest.mark.parametrize(
    ("value", "qualifying", "reporting", "opens"),
    [
        ("33.34", 333, 1000, False),  # 33.3 %: a rounded percentage would open
        ("33.33", 3333, 10000, True),
        ("0.07", 7, 10000, True),  # 0.07 * 10000 is 7.000000000000001 in floats
        ("100", 9, 10, False),
        ("100", 10, 10, True),
    ],
)
def test_a_percentage_is_never_rounded(value: str, qualifying: int, reporting: int, opens: bool) -> None:
    decision = decide_activation(
        rule(ActivationOption.PERCENTAGE, value), facts(qualifying, reporting), ARMED
    )
    assert (decision.kind is DecisionKind.OPEN) is opens


def test_a_percentage_of_nobody_never_activates() -> None:
    decision = decide_activation(rule(ActivationOption.PERCENTAGE, "1"), facts(0, reporting=0), ARMED)
    assert decision.reason is DecisionReason.NOBODY_REPORTS


def test_a_percentage_needs_a_minimum_of_systems() -> None:
    percent = rule(ActivationOption.PERCENTAGE, "50")
    assert decide_activation(percent, facts(4, reporting=4), ARMED).reason is DecisionReason.BELOW_MINIMUM
    assert decide_activation(percent, facts(5, reporting=5), ARMED).kind is DecisionKind.OPEN


def test_holds_before_it_opens_and_starts_again_after_a_gap() -> None:
    held = rule(hold=timedelta(minutes=2))
    first = decide_activation(held, facts(3), ARMED)
    assert first.reason is DecisionReason.HOLDING
    early = decide_activation(held, facts(3, minutes=1.9), first.watch)
    assert early.reason is DecisionReason.HOLDING
    gap = decide_activation(held, facts(2, minutes=1.95), early.watch)
    again = decide_activation(held, facts(3, minutes=2.1), gap.watch)
    assert again.reason is DecisionReason.HOLDING
    assert decide_activation(held, facts(3, minutes=4.1), again.watch).kind is DecisionKind.OPEN


def test_resolves_only_after_the_clear_delay_without_a_gap() -> None:
    watch = opened(decide_activation(rule(), facts(3), ARMED))
    below = decide_activation(rule(), facts(2, minutes=1), watch)
    assert below.reason is DecisionReason.CLEARING
    back = decide_activation(rule(), facts(3, minutes=10), below.watch)
    assert back.reason is DecisionReason.STILL_MET
    below = decide_activation(rule(), facts(2, minutes=12), back.watch)
    assert decide_activation(rule(), facts(2, minutes=26.9), below.watch).reason is DecisionReason.CLEARING
    cleared = decide_activation(rule(), facts(2, minutes=27), below.watch)
    assert (cleared.kind, cleared.reason) == (DecisionKind.RESOLVE, DecisionReason.CLEARED)
    assert not cleared.watch.is_open


def test_a_clear_delay_of_zero_leaves_the_end_to_people() -> None:
    never = rule(clear_delay=timedelta(0))
    watch = opened(decide_activation(never, facts(3), ARMED))
    below = decide_activation(never, facts(0, minutes=1), watch)
    assert decide_activation(never, facts(0, minutes=9999), below.watch).reason is DecisionReason.NEVER_CLEARS


def test_while_reporting_is_frozen_nothing_resolves_and_the_delay_starts_afterwards() -> None:
    watch = opened(decide_activation(rule(), facts(3), ARMED))
    frozen = decide_activation(rule(), facts(0, minutes=20, frozen=True), watch)
    assert frozen.reason is DecisionReason.REPORTING_FROZEN
    thawed = decide_activation(rule(), facts(0, minutes=21), frozen.watch)
    assert thawed.reason is DecisionReason.CLEARING
    assert decide_activation(rule(), facts(0, minutes=36), thawed.watch).kind is DecisionKind.RESOLVE


def suppressed(minutes: float = 240) -> Watch:
    return replace(ARMED, decided_to=7, decided_at=NOON, suppressed_until=NOON + timedelta(minutes=minutes))


def test_after_a_dismissal_it_stays_quiet_until_it_was_below_once() -> None:
    still = decide_activation(rule(), facts(3, minutes=5), suppressed())
    assert still.reason is DecisionReason.SUPPRESSED
    below = decide_activation(rule(), facts(2, minutes=6), still.watch)
    assert decide_activation(rule(), facts(3, minutes=7), below.watch).kind is DecisionKind.OPEN


def test_below_while_frozen_does_not_rearm() -> None:
    below = decide_activation(rule(), facts(0, minutes=1, frozen=True), suppressed())
    assert decide_activation(rule(), facts(3, minutes=2), below.watch).reason is DecisionReason.SUPPRESSED


def test_after_the_rearm_time_it_fires_though_it_never_was_below() -> None:
    assert decide_activation(rule(), facts(3, minutes=239), suppressed()).reason is DecisionReason.SUPPRESSED
    assert decide_activation(rule(), facts(3, minutes=240), suppressed()).kind is DecisionKind.OPEN


def test_a_replay_decides_nothing_at_or_below_what_was_decided() -> None:
    """An incident that opened at 100 and resolved at 120 before the crash must not mail everybody again."""
    watch = replace(ARMED, decided_to=120, decided_at=NOON)
    for position in (100, 119):
        replayed = decide_activation(rule(), facts(50, minutes=60, position=position), watch)
        assert (replayed.kind, replayed.reason) == (DecisionKind.NOTHING, DecisionReason.ALREADY_DECIDED)
        assert replayed.watch == watch
    same = decide_activation(rule(), facts(50, minutes=0, position=120), watch)
    assert same.reason is DecisionReason.ALREADY_DECIDED


def test_time_decides_at_the_very_position_that_was_decided() -> None:
    """Systems fall silent and delays pass without a record in the journal."""
    watch = replace(ARMED, is_open=True, decided_to=120, decided_at=NOON)
    below = decide_activation(rule(), facts(0, minutes=1, position=120), watch)
    assert below.reason is DecisionReason.CLEARING
    assert (
        decide_activation(rule(), facts(0, minutes=16, position=120), below.watch).kind
        is DecisionKind.RESOLVE
    )


def test_switched_off_it_decides_nothing() -> None:
    assert decide_activation(rule(enabled=False), facts(50), ARMED).reason is DecisionReason.DISABLED
