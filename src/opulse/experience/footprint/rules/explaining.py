"""Why a person may not be asked now, and until when: every check with its outcome. Pure.

It says of one person what ``distributions.rules.deciding`` decides about many, from the same facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from opulse.experience.directory.models import AskingHours, FrequencyRule, RuleKind
from opulse.experience.directory.rules import next_allowed
from opulse.experience.footprint.models import Check, MayAsk, Obstacle, Past, PersonFacts


def explain(
    person: PersonFacts, rules: Sequence[FrequencyRule], hours: AskingHours, past: Past, now: datetime
) -> MayAsk:
    """All checks in order, and the first moment at which none of them holds.

    Args:
        rules: those that are in force for the sending that is thought of (``directory.rules.rules_for``).
    """
    checks = [*_stops(person, now), *(_of_rule(rule, past, now) for rule in rules)]
    is_open = past.open_until is not None and past.open_until > now
    checks.append(Check(Obstacle.IN_ANOTHER_PULSE, is_open, past.open_until if is_open else None))
    free = next_allowed(now, hours, person.time_zone, person.shift)
    checks.append(Check(Obstacle.QUIET_HOURS, free > now, free if free > now else None))
    holding = [check for check in checks if check.holds]
    if not holding:
        return MayAsk(True, now, tuple(checks))
    if any(check.until is None for check in holding):
        return MayAsk(False, None, tuple(checks))
    latest = max(check.until for check in holding if check.until is not None)
    return MayAsk(False, next_allowed(latest, hours, person.time_zone, person.shift), tuple(checks))


def _stops(person: PersonFacts, now: datetime) -> list[Check]:
    muted = person.muted_until is not None and person.muted_until > now
    return [
        Check(Obstacle.OPTED_OUT_EVERYWHERE, person.opted_out_everywhere),
        Check(Obstacle.OPTED_OUT, person.opted_out),
        Check(Obstacle.OPTED_OUT_OF_LIST, person.out_of_list),
        Check(Obstacle.NO_EMAIL, not person.email),
        _of_address(person),
        Check(Obstacle.NOT_ON_ALLOW_LIST, bool(person.email) and not person.reachable),
        Check(Obstacle.MUTED, muted, person.muted_until if muted else None),
    ]


def _of_address(person: PersonFacts) -> Check:
    found = person.suppressed
    if found is None:
        return Check(Obstacle.SUPPRESSED, False)
    return Check(Obstacle.SUPPRESSED, True, reason=found.reason.value, since=found.at)


def _of_rule(rule: FrequencyRule, past: Past, now: datetime) -> Check:
    period = timedelta(seconds=rule.period_seconds)
    match rule.kind:
        case RuleKind.MAX_IN_PERIOD:
            inside = [at for at in past.asked if at > now - period]
            holds = len(inside) >= rule.limit
            until = (
                inside[rule.limit - 1] + period if holds else None
            )  # then one fewer than the limit is inside
            return Check(Obstacle.FATIGUE_RULE, holds, until, rule, len(inside))
        case RuleKind.MIN_GAP:
            last = past.asked[0] if past.asked else None
            holds = last is not None and now - last < period
            until = last + period if holds and last is not None else None
            return Check(Obstacle.FATIGUE_RULE, holds, until, rule, int(holds))
        case RuleKind.ONE_PER_ACTIVATION:  # of an activation that is to come nobody was asked yet
            return Check(Obstacle.FATIGUE_RULE, False, None, rule)
