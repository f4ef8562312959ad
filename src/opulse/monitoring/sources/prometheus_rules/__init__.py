"""Prometheus rule files (YAML): every alerting rule becomes a sensor of the catalogue, so that notifications can pick it before
it ever fires. The expressions stay with Prometheus, which evaluates them; Alertmanager's webhook brings the states.
"""

from opulse.monitoring.sources.prometheus_rules.models import RuleProblem, RuleRead, RulesRead
from opulse.monitoring.sources.prometheus_rules.rules import read_rules

__all__ = ["RuleProblem", "RuleRead", "RulesRead", "read_rules"]
