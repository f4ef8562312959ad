"""Alerting rules of a Prometheus rule file become sensors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import chunked, why_unstorable
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors import views as sensors
from opulse.monitoring.sensors.flow.catalogue import add_sensors_in
from opulse.monitoring.sources.prometheus_rules.models import RuleLeft, RuleProblem, RuleRead, RulesRead
from opulse.monitoring.sources.rules.placing import custom_sensor
from opulse.ports import Ports
from opulse.tenancy import audit_in

AT_ONCE = 500


@dataclass(frozen=True)
class Imported:
    """What became, or with a check would become, of the rules: by name."""

    added: list[str]
    known: list[str]
    left: list[RuleLeft]
    recording: int


async def check_rules(ports: Ports, tenant: int, read: RulesRead) -> Imported:
    """What an import would do. Changes nothing."""
    rules, left = _storable(read)
    known = await ports.db.read(_known_in, tenant, [rule.name for rule in rules])
    added = [rule.name for rule in rules if rule.name.casefold() not in known]
    kept = [rule.name for rule in rules if rule.name.casefold() in known]
    return Imported(added, kept, left, read.recording)


async def import_rules(
    ports: Ports, evaluator: Evaluator, tenant: int, read: RulesRead, actor: str, *, instanced: bool
) -> Imported:
    """Add a custom sensor for each rule whose name is new; a sensor that is known stays as it is.

    Args:
        instanced: the sensors have instances: the source that brings their states names one.
    """
    rules, left = _storable(read)
    added: list[str] = []
    for some in chunked(rules, AT_ONCE):
        added += await ports.db.write(_import_in, tenant, some, actor, instanced, ports.clock.now())
    await evaluator.follow(tenant)
    new = {name.casefold() for name in added}
    known = [rule.name for rule in rules if rule.name.casefold() not in new]
    return Imported(added, known, left, read.recording)


def _import_in(
    conn: Connection, tenant: int, rules: list[RuleRead], actor: str, instanced: bool, now: datetime
) -> list[str]:
    wanted = [
        custom_sensor(rule.name, rule.category, rule.help, rule.severity, instanced=instanced)
        for rule in rules
    ]
    added = [sensor.name for sensor in add_sensors_in(conn, tenant, wanted, actor, now)]
    if added:
        audit_in(conn, tenant, actor, "sensors.imported", "prometheus rules", None, {"sensors": added}, now)
    return added


def _known_in(conn: Connection, tenant: int, names: list[str]) -> set[str]:
    return set(sensors.find_sensors_without_case(conn, tenant, names))


def _storable(read: RulesRead) -> tuple[list[RuleRead], list[RuleLeft]]:
    kept: list[RuleRead] = []
    left = list(read.left)
    for rule in read.rules:
        why = why_unstorable([rule.name, rule.category, rule.help])
        if why:
            left.append(RuleLeft(rule.category, RuleProblem.NAME, f"A rule cannot be kept: {why}."))
        else:
            kept.append(rule)
    return kept, left
