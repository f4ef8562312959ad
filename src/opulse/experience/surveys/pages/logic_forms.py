"""Conditions in a form: what may be looked at, and from one posted line to a condition and back to words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from opulse.experience.surveys.models import (
    AnswerCondition,
    ChoiceCondition,
    Comparison,
    Condition,
    ConditionGroup,
    ConstantCondition,
    DisplayLogic,
    Dropdown,
    FieldCondition,
    Matrix,
    MultipleChoice,
    Operator,
    Question,
    QuestionCondition,
    QuestionOperator,
    SingleChoice,
)
from opulse.experience.surveys.rules import answer_keys, choice_lists, name_of_part

_CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
_OTHERS = (
    ("field:embedded", "Embedded data (name below)"),
    ("field:contact:Language", "Contact: language"),
    ("field:contact:FirstName", "Contact: first name"),
    ("field:contact:LastName", "Contact: last name"),
    ("field:contact:Email", "Contact: e-mail"),
    ("field:contact:ExternalDataReference", "Contact: external data reference"),
    ("field:loop:number", "Loop: number of the round"),
    ("field:device:type", "Device: phone, tablet or desktop"),
    ("constant:no", "Never (switched off)"),
)


@dataclass(frozen=True, slots=True)
class Operands:
    """What a condition may look at: under a heading each, ``value`` and what it is called."""

    heading: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LogicLine:
    """One condition in words; ``place`` is its number in the logic. ``inner`` are those in brackets."""

    place: int
    words: str


OPERATORS = tuple(
    dict.fromkeys(
        (one.value, one.value.replace("_", " "))
        for kind in (Operator, QuestionOperator, Comparison)
        for one in kind
    )
)
"""All that a condition can ask, by name."""


def operands_of(questions: Iterable[Question]) -> tuple[Operands, ...]:
    """What conditions may look at, question by question, then what is known beside the answers."""
    groups = [
        Operands(f"{one.id}: {one.text[:60]}", tuple(_of_question(one)))
        for one in questions
        if answer_keys(one)
    ]
    return (*groups, Operands("Beside the answers", _OTHERS))


def _of_question(question: Question) -> Iterable[tuple[str, str]]:
    if isinstance(question, SingleChoice | MultipleChoice | Dropdown):
        for choice in question.choices:
            yield f"choice:{question.id}::{choice.id}", choice.text
    if isinstance(question, Matrix):
        for row in question.rows:
            for point in question.scale:
                yield f"choice:{question.id}:{row.id}:{point.id}", f"{row.text}: {point.text}"
    yield f"question:{question.id}", "The question as a whole"
    for key in answer_keys(question):
        part = key[len(question.id) :].removeprefix("_")
        named = name_of_part(question, key)
        yield f"answer:{question.id}:{part}", f"Its answer{': ' + named if named else ''}"


def condition_from(fields: Mapping[str, str]) -> Condition:
    """One condition from ``what``, ``operator``, ``value`` and ``name``.

    Raises:
        ValueError: the operator does not fit what is looked at, or a name is missing (ValidationError is one).
    """
    kind, *parts = fields.get("what", "").split(":")
    operator, value = fields.get("operator", ""), fields.get("value", "").strip()
    padded = [*parts, "", "", ""]
    made: dict[str, object]
    match kind:
        case "choice":
            made = {
                "question": padded[0],
                "row": padded[1] or None,
                "choice": padded[2],
                "operator": operator,
            }
        case "question":
            made = {"question": padded[0], "operator": operator}
        case "answer":
            made = {"question": padded[0], "part": padded[1], "operator": operator, "value": value}
        case "field":
            name = padded[1] or fields.get("name", "").strip()
            made = {"source": padded[0], "name": name, "operator": operator, "value": value}
        case "constant":
            made = {"value": False}
        case _:
            raise ValueError("choose what to look at")
    return _CONDITION.validate_python({"kind": kind, **made})


def with_condition(logic: DisplayLogic | None, condition: Condition) -> DisplayLogic:
    """The logic with one more condition."""
    if logic is None:
        return DisplayLogic(conditions=(condition,))
    return DisplayLogic(match=logic.match, conditions=(*logic.conditions, condition))


def without_condition(logic: DisplayLogic | None, place: int) -> DisplayLogic | None:
    """The logic without the condition at ``place``; None when it was the last one."""
    if logic is None:
        return None
    kept = tuple(one for number, one in enumerate(logic.conditions) if number != place)
    return logic.model_copy(update={"conditions": kept}) if kept else None


def lines_of(logic: DisplayLogic | None, questions: Mapping[str, Question]) -> tuple[LogicLine, ...]:
    """Each condition in words."""
    if logic is None:
        return ()
    return tuple(LogicLine(place, say(one, questions)) for place, one in enumerate(logic.conditions))


def say(condition: Condition, questions: Mapping[str, Question]) -> str:
    """One condition as people read it."""
    match condition:
        case ChoiceCondition():
            choice = _choice_text(condition, questions)
            return f"{condition.question}: “{choice}” is {condition.operator.value.replace('_', ' ')}"
        case AnswerCondition():
            what = "how many were chosen" if condition.of == "count" else condition.part or "answer"
            return f"{condition.question} ({what}) {_compared(condition.operator, condition.value)}"
        case QuestionCondition():
            return f"{condition.question} is {condition.operator.value.replace('_', ' ')}"
        case FieldCondition():
            return f"{condition.source} {condition.name} {_compared(condition.operator, condition.value)}"
        case ConstantCondition():
            return "always" if condition.value else "never"
        case ConditionGroup():
            joint = " and " if condition.match == "all" else " or "
            return f"({joint.join(say(one, questions) for one in condition.conditions)})"


def _compared(operator: Comparison, value: str) -> str:
    return f"{operator.value.replace('_', ' ')} {value}".strip()


def _choice_text(condition: ChoiceCondition, questions: Mapping[str, Question]) -> str:
    question = questions.get(condition.question)
    if question is None:
        return condition.choice
    lists = choice_lists(question)
    last = {choice.id: choice.text for choice in list(lists.values())[-1]} if lists else {}
    row = {one.id: one.text for one in lists.get("row", ())}.get(condition.row or "", "")
    text = last.get(condition.choice, condition.choice)
    return f"{row}: {text}" if row else text
