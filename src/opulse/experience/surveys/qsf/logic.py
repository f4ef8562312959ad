"""The product's conditions: ``BooleanExpression`` with numbered sets of numbered lines.

Conjunctions are read under both spellings that files have (``Conjunction``, ``Conjuction``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.models import Expression, Logic, LogicSet, SkipRule

_OR = frozenset({"or", "orif", "elseif"})


def read_logic(value: Any) -> Logic:
    """The sets of a condition, in their numbers' order; nothing readable gives no condition."""
    source = loose.mapping(value)
    sets = (_set(loose.mapping(source[key])) for key in loose.numbered(source) if key.isdigit())
    return tuple(one for one in sets if one.expressions)


def read_skips(value: Any) -> tuple[SkipRule, ...]:
    """The skip rules after a question."""
    return tuple(_skip(loose.mapping(one)) for one in loose.sequence(value) if isinstance(one, dict))


def _set(source: Mapping[str, Any]) -> LogicSet:
    lines = [
        _expression(loose.mapping(source[key]))
        for key in loose.numbered(source)
        if key.isdigit() and isinstance(source[key], dict)
    ]
    return LogicSet(_joined(source.get("Type")), tuple(lines))


def _expression(source: Mapping[str, Any]) -> Expression:
    kind = loose.word(source.get("LogicType"))
    conjunction = source.get("Conjunction", source.get("Conjuction"))
    subject = loose.word(source.get("LeftOperand")) or loose.word(source.get("ChoiceLocator"))
    question = loose.word(source.get("QuestionIDFromLocator")) or loose.word(source.get("QuestionID"))
    value = source.get("RightOperand", source.get("Value"))
    return Expression(
        kind,
        subject,
        loose.word(source.get("Operator")),
        loose.text(value),
        _joined(conjunction),
        question,
    )


def _joined(value: Any) -> str:
    return "or" if loose.word(value).lower() in _OR else "and"


def _skip(source: Mapping[str, Any]) -> SkipRule:
    locator = loose.word(source.get("ChoiceLocator")) or loose.word(source.get("Locator"))
    return SkipRule(
        loose.word(source.get("QuestionID")),
        locator,
        loose.word(source.get("Condition")),
        loose.text(source.get("RightOperand", source.get("Value"))),
        loose.word(source.get("SkipToDestination")),
    )
