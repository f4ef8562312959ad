"""When an activation opens and when it resolves. Pure: counts, times and what was remembered in; decision and reason out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from opulse.monitoring.activations.models import Decision, DecisionKind, DecisionReason, Facts, Rule, Watch
from opulse.monitoring.notifications.models import ThresholdVerdict
from opulse.monitoring.notifications.rules import is_in_hours, judge_threshold


def decide_activation(rule: Rule, facts: Facts, watch: Watch) -> Decision:
    """What to do about one notification at ``facts.position`` and ``facts.now``.

    Replays are harmless: at or below the position that was decided already, nothing is decided again (at that very
    position time may still decide: a hold ends, a clear delay passes).
    """
    if _was_decided(facts, watch):
        return Decision(DecisionKind.NOTHING, DecisionReason.ALREADY_DECIDED, watch)
    if watch.is_open:
        return _decide_open(rule, facts, watch)
    return _decide_armed(rule, facts, watch)


def _was_decided(facts: Facts, watch: Watch) -> bool:
    return (facts.position, facts.now) <= (watch.decided_to, watch.decided_at)


def _judge(rule: Rule, facts: Facts) -> ThresholdVerdict:
    return judge_threshold(rule.threshold, rule.minimum_systems, facts.qualifying, facts.reporting)


def _decide_armed(rule: Rule, facts: Facts, watch: Watch) -> Decision:
    if not rule.enabled:
        return _nothing(DecisionReason.DISABLED, replace(watch, met_since=None))
    verdict = _judge(rule, facts)
    if verdict is not ThresholdVerdict.MET:
        return _nothing(DecisionReason(verdict.value), _below_while_armed(facts, watch))
    if watch.suppressed_until is not None and facts.now < watch.suppressed_until:
        return _nothing(DecisionReason.SUPPRESSED, watch)
    if not is_in_hours(rule.schedule, facts.now):
        return _nothing(DecisionReason.OUT_OF_HOURS, watch)
    if watch.ended_at is not None and facts.now - watch.ended_at < rule.cool_down:
        return _nothing(DecisionReason.COOLING_DOWN, watch)
    since = watch.met_since or facts.now
    if facts.now - since < rule.hold:
        return _nothing(DecisionReason.HOLDING, replace(watch, met_since=since))
    return _decided(DecisionKind.OPEN, DecisionReason.THRESHOLD_MET, facts, watch)


def _below_while_armed(facts: Facts, watch: Watch) -> Watch:
    """Below once re-arms after a dismissal, unless we may only have stopped hearing the systems."""
    suppressed_until = watch.suppressed_until if facts.frozen else None
    if watch.met_since is None and watch.suppressed_until == suppressed_until:
        return watch
    return replace(watch, met_since=None, suppressed_until=suppressed_until)


def _decide_open(rule: Rule, facts: Facts, watch: Watch) -> Decision:
    if _judge(rule, facts) is ThresholdVerdict.MET:
        return _nothing(DecisionReason.STILL_MET, replace(watch, below_since=None))
    if facts.frozen:
        return _nothing(DecisionReason.REPORTING_FROZEN, replace(watch, below_since=None))
    since = watch.below_since or facts.now
    waiting = replace(watch, below_since=since)
    if rule.clear_delay == timedelta(0):
        return _nothing(DecisionReason.NEVER_CLEARS, waiting)
    if facts.now - since < rule.clear_delay:
        return _nothing(DecisionReason.CLEARING, waiting)
    return _decided(DecisionKind.RESOLVE, DecisionReason.CLEARED, facts, watch)


def _nothing(reason: DecisionReason, watch: Watch) -> Decision:
    return Decision(DecisionKind.NOTHING, reason, watch)


def _decided(kind: DecisionKind, reason: DecisionReason, facts: Facts, watch: Watch) -> Decision:
    fresh = replace(
        watch,
        is_open=kind is DecisionKind.OPEN,
        decided_to=facts.position,
        decided_at=facts.now,
        met_since=None,
        below_since=None,
        suppressed_until=None,
        ended_at=facts.now if kind is DecisionKind.RESOLVE else None,
    )
    return Decision(kind, reason, fresh)
