"""Reading a rule file: ``groups`` of ``rules`` with ``alert``, ``expr``, ``for``, ``labels`` and ``annotations``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from opulse.monitoring.sources.models import NAME_LENGTH
from opulse.monitoring.sources.prometheus_rules.models import (
    MOST_BYTES,
    MOST_RULES,
    RuleLeft,
    RuleProblem,
    RuleRead,
    RulesRead,
)
from opulse.monitoring.sources.rules import severities_of
from opulse.wire.errors import UnreadableBody

SEVERITIES = "critical=8, page=8, error=6, warning=5, info=3, none=1"
_USUAL_SEVERITY = 5
_TEMPLATE = re.compile(r"{{.*?}}", re.DOTALL)  # what Prometheus fills in for each alert


class _WithoutMerging:
    """Merge keys (``<<``) are not expanded: nested ones turn a page of text into more than memory holds."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave them where they are; nothing constructs one, so the file is refused."""


_Loader: Any = type("RuleLoader", (_WithoutMerging, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), {})


def read_rules(text: str | bytes, severities: str = SEVERITIES) -> RulesRead:
    """The sensors that the alerting rules of a file stand for.

    Args:
        severities: what the label ``severity`` means, ``word=1…10`` with commas.

    Raises:
        UnreadableBody: no YAML, no rule file, or too large.
        ValueError: ``severities`` is not of the form.
    """
    if len(text) > MOST_BYTES:
        raise UnreadableBody(f"a rule file has at most {MOST_BYTES:,} bytes; import several")
    known = severities_of(severities)
    found: dict[str, RuleRead] = {}
    read = RulesRead([], [], 0)
    recording = 0
    for where, group, rule in _rules(_groups(text)):
        if isinstance(rule, Mapping) and "record" in rule and "alert" not in rule:
            recording += 1
            continue
        one = _read_rule(where, group, rule, known)
        if isinstance(one, RuleLeft):
            read.left.append(one)
        else:
            key = one.name.casefold()
            found[key] = _together(found[key], one) if key in found else one
    return RulesRead(list(found.values()), read.left, recording)


def _groups(text: str | bytes) -> list[Any]:
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader with less
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise UnreadableBody(f"the file is not YAML (without merge keys){place}") from error
    groups = document.get("groups") if isinstance(document, dict) else None
    if not isinstance(groups, list):
        raise UnreadableBody("a rule file of Prometheus has a list of groups")
    return groups


def _rules(groups: list[Any]) -> Iterator[tuple[str, str, Any]]:
    """``(where, group, rule)``. An alias repeats a list in a few bytes, so what is walked is counted, not what was sent."""
    count = 0
    for group in groups:
        rules = (group.get("rules") or []) if isinstance(group, dict) else None
        if not isinstance(rules, list):
            raise UnreadableBody("each group has a name and a list of rules")
        name = str(group.get("name") or "unnamed")[:100]
        for place, rule in enumerate(rules, 1):
            count += 1
            if count > MOST_RULES:
                raise UnreadableBody(f"a rule file has at most {MOST_RULES:,} rules; import several")
            yield f"{name}, rule {place}", name, rule


def _read_rule(where: str, group: str, rule: Any, severities: Mapping[str, int]) -> RuleRead | RuleLeft:
    if not isinstance(rule, dict) or "alert" not in rule:
        return RuleLeft(where, RuleProblem.MALFORMED, "A rule has an alert or a record.")
    name = rule["alert"].strip() if isinstance(rule["alert"], str) else ""
    if not name or len(name) > NAME_LENGTH:
        return RuleLeft(where, RuleProblem.NAME, f"An alert has a name of 1 to {NAME_LENGTH} characters.")
    if not isinstance(rule.get("expr"), str | int | float):
        return RuleLeft(where, RuleProblem.MALFORMED, f"{name} has no expr.")
    labels, notes = rule.get("labels") or {}, rule.get("annotations") or {}
    if not isinstance(labels, dict) or not isinstance(notes, dict):
        return RuleLeft(where, RuleProblem.MALFORMED, f"The labels and annotations of {name} are maps.")
    severity = str(labels.get("severity", "")).strip().casefold()
    return RuleRead(name, group, _help(rule, notes), severities.get(severity, _USUAL_SEVERITY))


def _help(rule: Mapping[str, Any], notes: Mapping[str, Any]) -> str:
    """The annotation, with an ellipsis where Prometheus fills in; without one, the expression."""
    text = str(notes.get("summary") or notes.get("description") or "")
    text = " ".join(_TEMPLATE.sub("…", text).split())
    if not text:
        text = f"Fires while {' '.join(str(rule['expr']).split())}"
        text += f" for {rule['for']}" if rule.get("for") else ""
    return text[:500]


def _together(one: RuleRead, other: RuleRead) -> RuleRead:
    """Rules of one name, for example a warning and a critical one, are one sensor."""
    return replace(one, severity=max(one.severity, other.severity), alerts=one.alerts + other.alerts)
