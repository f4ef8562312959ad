"""How often and at which hours people of a directory may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from opulse.clock import zone_names
from opulse.experience.directory.models import AskingHours, FrequencyRule, RuleKind, RuleScope
from opulse.experience.directory.store import lists as store
from opulse.experience.directory.store import settings
from opulse.experience.directory.store.mailing_lists import find_list
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_ids

DAY = 86_400
RULES_MAX = 20


class WantedRule(NamedTuple):
    """A frequency rule as somebody wants it; ``target`` is the list's or the survey's id."""

    kind: RuleKind
    limit: int = 1
    period_seconds: int = 0
    scope: RuleScope = RuleScope.DIRECTORY
    target: str = ""


async def set_rules(
    ports: Ports, tenant: int, directory: str, wanted: Sequence[WantedRule], actor: str
) -> list[FrequencyRule]:
    """Replace the directory's frequency rules.

    Raises:
        LookupError: no such directory.
        ValueError: more than 20 rules, a limit or period below 1 where the kind needs one, or a list that is not here.
    """
    return await ports.db.write(set_rules_in, tenant, directory, wanted, actor, ports.clock.now())


def set_rules_in(
    conn: Connection, tenant: int, directory: str, wanted: Sequence[WantedRule], actor: str, now: datetime
) -> list[FrequencyRule]:
    """:func:`set_rules` inside another unit."""
    if len(wanted) > RULES_MAX:
        raise ValueError(f"a directory has at most {RULES_MAX} frequency rules")
    for one in wanted:
        _check(one)
    if store.find_directory(conn, tenant, directory) is None:
        raise LookupError(directory)
    numbers = new_ids(Prefix.FREQUENCY_RULE, len(wanted)) if wanted else []
    rules = [
        FrequencyRule(number, one.kind, one.limit, one.period_seconds, one.scope, one.target)
        for number, one in zip(numbers, wanted, strict=True)
    ]
    _check_lists(conn, tenant, directory, rules)
    before = {"rules": [_plain(rule) for rule in store.list_rules(conn, tenant, directory)]}
    store.replace_rules(conn, tenant, directory, rules)
    after = {"rules": [_plain(rule) for rule in rules]}
    audit_in(conn, tenant, actor, "frequency_rules.changed", directory, before, after, now)
    return rules


async def set_hours(ports: Ports, tenant: int, directory: str, hours: AskingHours, actor: str) -> None:
    """Set when people of the directory may be asked.

    Raises:
        LookupError: no such directory.
        ValueError: one end of the quiet hours without the other, an unknown zone, or no day of it left to ask on.
    """
    if hours.zone not in zone_names():
        raise ValueError(f"{hours.zone!r} is no time zone; write one such as Europe/Berlin")
    if (hours.quiet_from is None) != (hours.quiet_until is None):
        raise ValueError("quiet hours have a beginning and an end")
    if hours.quiet_from is not None and hours.quiet_from == hours.quiet_until:
        raise ValueError(
            "quiet hours that end when they begin would be quiet for ever; leave both empty for none"
        )
    if len(set(hours.quiet_days)) >= 7:
        raise ValueError("a week of quiet days would ask nobody; leave one day")
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        if store.find_directory(conn, tenant, directory) is None:
            raise LookupError(directory)
        before = _plain_hours(settings.find_hours(conn, tenant, directory))
        settings.put_hours(conn, tenant, directory, hours)
        audit_in(conn, tenant, actor, "asking_hours.changed", directory, before, _plain_hours(hours), now)

    await ports.db.write(unit)


def default_rules() -> list[FrequencyRule]:
    """The decided default: 1 per 24 h, 2 per 7 days, 4 per 30 days, one per activation (spine.md)."""
    numbers = new_ids(Prefix.FREQUENCY_RULE, 4)
    return [
        FrequencyRule(numbers[0], RuleKind.MAX_IN_PERIOD, 1, DAY),
        FrequencyRule(numbers[1], RuleKind.MAX_IN_PERIOD, 2, 7 * DAY),
        FrequencyRule(numbers[2], RuleKind.MAX_IN_PERIOD, 4, 30 * DAY),
        FrequencyRule(numbers[3], RuleKind.ONE_PER_ACTIVATION, 1, 0),
    ]


def _check(one: WantedRule) -> None:
    if one.kind is RuleKind.MAX_IN_PERIOD and (one.limit < 1 or one.period_seconds < 1):
        raise ValueError("'at most N in a period' needs N and the period in seconds")
    if one.kind is RuleKind.MIN_GAP and one.period_seconds < 1:
        raise ValueError("'at least T between messages' needs the period in seconds")
    if (one.scope is RuleScope.DIRECTORY) != (not one.target):
        raise ValueError(
            "a rule for a mailing list or a survey names it, one for the directory names nothing"
        )
    if one.scope is RuleScope.SURVEY and not one.target.startswith(f"{Prefix.SURVEY.value}_"):
        raise ValueError(f"{one.target!r} is no survey; its id begins with SV_")


def _check_lists(conn: Connection, tenant: int, directory: str, rules: Sequence[FrequencyRule]) -> None:
    for target in {rule.target for rule in rules if rule.scope is RuleScope.LIST}:
        found = find_list(conn, tenant, target)
        if found is None or found.directory != directory:
            raise ValueError(f"{target!r} is no mailing list of this directory")


def _plain(rule: FrequencyRule) -> dict[str, object]:
    return {
        "kind": rule.kind.value,
        "limit": rule.limit,
        "period_seconds": rule.period_seconds,
        "scope": rule.scope.value,
        "target": rule.target,
    }


def _plain_hours(hours: AskingHours) -> dict[str, object]:
    return {
        "zone": hours.zone,
        "quiet_from": hours.quiet_from,
        "quiet_until": hours.quiet_until,
        "quiet_days": list(hours.quiet_days),
        "shift_field": hours.shift_field,
    }
