"""The checks, each a pure function over :class:`Facts`; the registry ``CHECKS`` is their order in a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opulse.pulses.doctor.facts import Facts
from opulse.pulses.doctor.models import Finding, Severity
from opulse.pulses.doctor.rules import around, asking, contract, people, wiring
from opulse.pulses.doctor.rules.cards import CARDS

Check = Callable[[Facts], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    contract.check_sensors,
    contract.check_pairs,
    contract.check_asked_twice,
    contract.check_names,
    asking.check_alarm,
    asking.check_listening,
    asking.check_survey,
    asking.check_repeats,
    wiring.check_notifications,
    wiring.check_webhooks,
    wiring.check_tasks,
    wiring.check_keys,
    people.check_fatigue,
    people.check_contacts,
    people.check_mail,
    around.check_relay,
    around.check_domains,
    around.check_clocks,
)
_ORDER = list(Severity)


def examine(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, the worst first, each once."""
    found = dict.fromkeys(finding for check in CHECKS for finding in check(facts))
    return tuple(sorted(found, key=lambda one: _ORDER.index(CARDS[one.kind].severity)))
