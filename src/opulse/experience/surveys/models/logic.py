"""Conditions: what a question, a choice, a skip or a branch depends on. Flat by default, groups where *and* meets *or*."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from opulse.experience.surveys.models.parts import ChoiceId, FieldName, OptionalText, Part, QuestionId


class Operator(StrEnum):
    """What a display condition asks of a choice."""

    SELECTED = "selected"  # the choice is among the answers of a question that was shown
    NOT_SELECTED = "not_selected"  # it is not, also because the question was not shown
    DISPLAYED = "displayed"  # the choice was offered
    NOT_DISPLAYED = "not_displayed"  # it was not offered, also because the question was not shown


class QuestionOperator(StrEnum):
    """What a condition asks of a question as a whole."""

    SHOWN = "shown"  # the person met the question
    NOT_SHOWN = "not_shown"  # they did not
    ANSWERED = "answered"  # it was shown and something was answered
    NOT_ANSWERED = "not_answered"  # nothing was answered, also because it was not shown


class Comparison(StrEnum):
    """What a condition asks of a value. Numbers are compared as numbers, everything else as text without regard to case."""

    EQUAL = "equal"  # the same
    NOT_EQUAL = "not_equal"  # something else, also nothing
    GREATER = "greater"  # more; false when either side is not a number
    GREATER_OR_EQUAL = "greater_or_equal"  # at least
    LESS = "less"  # less; false when either side is not a number
    LESS_OR_EQUAL = "less_or_equal"  # at most
    CONTAINS = "contains"  # the value holds the text
    NOT_CONTAINS = "not_contains"  # it does not, also because there is none
    MATCHES = "matches"  # the regular expression is found in the value
    EMPTY = "empty"  # there is none
    NOT_EMPTY = "not_empty"  # there is one


class ChoiceCondition(Part):
    """``choice`` of ``question`` is (not) selected or offered. ``row`` names the row of a matrix."""

    kind: Literal["choice"] = "choice"
    question: QuestionId
    choice: ChoiceId
    operator: Operator = Operator.SELECTED
    row: ChoiceId | None = None


class AnswerCondition(Part):
    """A value of ``question`` compared with ``value``.

    ``part`` is what follows the question's id in the answer key (``TEXT``, ``2``, ``3_TEXT``; empty: the key is the id).
    ``of`` says what is compared: the answer itself, its recoded value, or how many choices were taken.
    """

    kind: Literal["answer"] = "answer"
    question: QuestionId
    part: Annotated[str, StringConstraints(pattern=r"^(#?[0-9A-Za-z_]{1,40})?$")] = ""
    of: Literal["value", "recode", "count"] = "value"
    operator: Comparison
    value: OptionalText = ""


class QuestionCondition(Part):
    """``question`` was (not) shown, or (not) answered."""

    kind: Literal["question"] = "question"
    question: QuestionId
    operator: QuestionOperator


class FieldCondition(Part):
    """Something known beside the answers.

    ``embedded``: embedded data by name. ``contact``: ``FirstName``, ``LastName``, ``Email``, ``Phone``, ``Language`` or
    ``ExternalDataReference``. ``loop``: ``number``, ``id`` or the number of a loop field. ``device``: ``type`` (``phone``,
    ``tablet``, ``desktop``).
    """

    kind: Literal["field"] = "field"
    source: Literal["embedded", "contact", "loop", "device"] = "embedded"
    name: FieldName
    operator: Comparison
    value: OptionalText = ""


class ConstantCondition(Part):
    """Always true, or never: how a branch is switched off without being deleted."""

    kind: Literal["constant"] = "constant"
    value: bool


class ConditionGroup(Part):
    """Conditions in brackets: all of them, or any."""

    kind: Literal["group"] = "group"
    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=100)]


def _kind(value: Any) -> str:
    """Documents of before had choice conditions alone and did not name their kind."""
    if isinstance(value, dict):
        return str(value.get("kind", "choice"))
    return str(getattr(value, "kind", "choice"))


Condition = Annotated[
    Annotated[ChoiceCondition, Tag("choice")]
    | Annotated[AnswerCondition, Tag("answer")]
    | Annotated[QuestionCondition, Tag("question")]
    | Annotated[FieldCondition, Tag("field")]
    | Annotated[ConstantCondition, Tag("constant")]
    | Annotated[ConditionGroup, Tag("group")],
    Discriminator(_kind),
]


class DisplayLogic(Part):
    """True when all, or any, of the conditions hold; those of a question look at earlier questions only."""

    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=100)]


ConditionGroup.model_rebuild()
