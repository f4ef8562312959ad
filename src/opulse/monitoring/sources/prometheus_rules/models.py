"""What is read of a rule file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_BYTES = 2_000_000
MOST_RULES = 5_000


class RuleProblem(StrEnum):
    """Why a rule of a file becomes no sensor."""

    MALFORMED = "malformed"  # not of the documented form: no expression, or labels that are no map of texts
    NAME = "name"  # the alert's name is empty or longer than 200 characters


@dataclass(frozen=True, slots=True)
class RuleRead:
    """An alerting rule as a sensor. ``alerts``: how many rules of the file have this name; the highest severity counts."""

    name: str
    category: str
    help: str
    severity: int
    alerts: int = 1


@dataclass(frozen=True, slots=True)
class RuleLeft:
    """A rule that was left. ``where``: its group and place."""

    where: str
    problem: RuleProblem
    detail: str


@dataclass(frozen=True)
class RulesRead:
    """A file. ``recording`` counts rules that record a series: they are no alerts."""

    rules: list[RuleRead]
    left: list[RuleLeft]
    recording: int
