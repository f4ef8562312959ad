"""Conditions on a question: what the locator ``q://QID4/SelectableChoice/2/3`` means, and the brackets around conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from opulse.experience.surveys.models import (
    AnswerCondition,
    ChoiceCondition,
    Comparison,
    Condition,
    ConditionGroup,
    Operator,
    QuestionCondition,
    QuestionOperator,
)
from opulse.experience.surveys.qsf.mapping.names import number_options
from opulse.experience.surveys.qsf.mapping.words import Desk
from opulse.experience.surveys.qsf.models import Expression, QsfQuestion

COMPARISONS = {
    "EqualTo": Comparison.EQUAL,
    "Is": Comparison.EQUAL,
    "NotEqualTo": Comparison.NOT_EQUAL,
    "IsNot": Comparison.NOT_EQUAL,
    "GreaterThan": Comparison.GREATER,
    "GreaterThanOrEqual": Comparison.GREATER_OR_EQUAL,
    "LessThan": Comparison.LESS,
    "LessThanOrEqual": Comparison.LESS_OR_EQUAL,
    "Contains": Comparison.CONTAINS,
    "DoesNotContain": Comparison.NOT_CONTAINS,
    "MatchesRegex": Comparison.MATCHES,
    "Empty": Comparison.EMPTY,
    "NotEmpty": Comparison.NOT_EMPTY,
}
CHOICE_OPERATORS = {
    "Selected": Operator.SELECTED,
    "NotSelected": Operator.NOT_SELECTED,
    "Displayed": Operator.DISPLAYED,
    "NotDisplayed": Operator.NOT_DISPLAYED,
}
_EQUAL = {Operator.SELECTED: Comparison.EQUAL, Operator.NOT_SELECTED: Comparison.NOT_EQUAL}
_VALUES = {
    "ChoiceTextEntryValue": "value",
    "ChoiceNumericEntryValue": "value",
    "SelectedChoicesRecode": "recode",
    "SelectedAnswerRecode": "recode",
    "SelectedChoicesCount": "count",
    "SelectedAnswersCount": "count",
    "SelectedAnswerCount": "count",
}
_LOCATOR = re.compile(r"q://([^/#]+)(#\d+)?/(.+)", re.DOTALL)
_MATRIX = ("Matrix", "SBS")


def question_condition(line: Expression, desk: Desk) -> Condition | None:
    """The condition of a line about a question; None when the file has no such question or place in it."""
    match = _LOCATOR.fullmatch(unquote(line.subject))
    if match is None or match[1] not in desk.survey.questions:
        return None
    target = desk.survey.questions[match[1]]
    return _located(line, target, match[2] or "", match[3].split("/"), desk)


def _located(
    line: Expression, target: QsfQuestion, column: str, path: list[str], desk: Desk
) -> Condition | None:
    name = desk.names.questions[target.id]
    head, rest = path[0], path[1:]
    if head == "QuestionDisplayed" or (head == "AnswerDisplayed" and target.type == "Matrix"):
        return _whole(name, line.operator, QuestionOperator.SHOWN, QuestionOperator.NOT_SHOWN)
    if head in ("SelectableChoice", "SelectableAnswer", "ChoiceDisplayed", "AnswerDisplayed"):
        return _chosen(line.operator, target, column, head, rest, desk)
    if head == "ChoiceGroup" or (
        not rest and line.operator in ("Empty", "NotEmpty") and head != "ChoiceTextEntryValue"
    ):
        return _whole(name, line.operator, QuestionOperator.ANSWERED, QuestionOperator.NOT_ANSWERED)
    comparison, kind = COMPARISONS.get(line.operator), _VALUES.get(head)
    if comparison is None or kind is None:
        return None
    part = _part(target, column, head, [_renamed(one, target, desk) for one in rest])
    asked = {"question": name, "part": part, "of": kind, "operator": comparison, "value": line.value}
    return AnswerCondition.model_validate(asked)


def _whole(name: str, operator: str, yes: QuestionOperator, no: QuestionOperator) -> Condition | None:
    asked = {"Displayed": yes, "NotEmpty": yes, "NotDisplayed": no, "Empty": no}.get(operator)
    return None if asked is None else QuestionCondition(question=name, operator=asked)


def _chosen(
    said: str, target: QsfQuestion, column: str, head: str, rest: list[str], desk: Desk
) -> Condition | None:
    operator = CHOICE_OPERATORS.get(said)
    name = desk.names.questions[target.id]
    choices, answers = desk.names.choices[target.id], desk.names.answers[target.id]
    if operator is None or not rest or any(not one for one in rest):
        return None
    if target.selector == "NPS":
        comparison = _EQUAL.get(operator)
        if comparison is None:
            return None
        return AnswerCondition(question=name, operator=comparison, value=rest[0])
    if target.type not in _MATRIX:
        choice = choices.get(rest[0])
        return None if choice is None else ChoiceCondition(question=name, choice=choice, operator=operator)
    if target.type == "SBS":
        inner = next((one for one in target.columns if column and one.id.endswith(column)), None)
        return None if inner is None else _of_column(name, inner, operator, rest, choices)
    if head == "ChoiceDisplayed":
        first = next(iter(answers.values()), None)
        asked = {"question": name, "choice": first, "row": choices.get(rest[0]), "operator": operator}
        return ChoiceCondition.model_validate(asked) if asked["row"] else None
    return _of_matrix(name, operator, rest, choices, answers)


def _of_column(
    name: str, column: QsfQuestion, operator: Operator, rest: list[str], rows: Mapping[str, str]
) -> Condition | None:
    """A cell of a side by side; in a column of several answers only that one is among them can be asked."""
    row, mark = rows.get(rest[0]), f"#{column.id.rpartition('#')[2]}"
    if operator in (Operator.DISPLAYED, Operator.NOT_DISPLAYED):
        whole = QuestionOperator.SHOWN if operator is Operator.DISPLAYED else QuestionOperator.NOT_SHOWN
        return QuestionCondition(question=name, operator=whole)
    answer = number_options(column.answers).get(rest[-1])
    if row is None or answer is None or len(rest) != 2:
        return None
    comparison, value = _EQUAL[operator], answer
    if column.sub_selector == "MultipleAnswer":
        if operator is Operator.NOT_SELECTED:
            return None
        comparison, value = Comparison.MATCHES, rf"\b{answer}\b"
    return AnswerCondition(question=name, part=f"{mark}_{row}", operator=comparison, value=value)


def _of_matrix(
    name: str, operator: Operator, rest: list[str], rows: Mapping[str, str], points: Mapping[str, str]
) -> Condition | None:
    """A cell; a point without a row means any of the rows, and none of them when it is negated."""
    point = points.get(rest[-1])
    wanted = list(rows.values()) if len(rest) == 1 else [rows[rest[0]]] if rest[0] in rows else []
    if point is None or not wanted:
        return None
    cells: list[Condition] = [
        ChoiceCondition(question=name, choice=point, row=row, operator=operator) for row in wanted
    ]
    return bracket("any" if operator in (Operator.SELECTED, Operator.DISPLAYED) else "all", cells)


def _renamed(option: str, target: QsfQuestion, desk: Desk) -> str:
    return desk.names.choices[target.id].get(option, option)


def _part(target: QsfQuestion, column: str, head: str, rest: list[str]) -> str:
    """What follows the question's id in the key of the answer that a locator means."""
    inner = "_".join(rest)
    if column:
        return f"{column}_{inner}_TEXT" if head == "ChoiceTextEntryValue" else f"{column}_{inner}"
    if head != "ChoiceTextEntryValue":
        return inner if target.type != "MC" else ""
    if target.type == "TE" and target.selector != "FORM":
        return "TEXT"
    return f"{inner}_TEXT" if target.type == "MC" else inner


def bracket(match: str, conditions: list[Condition]) -> Condition | None:
    """All or any of the conditions; one alone stays itself, groups of the same kind become one."""
    flat: list[Condition] = []
    for one in conditions:
        same = isinstance(one, ConditionGroup) and (one.match == match or len(one.conditions) == 1)
        flat.extend(one.conditions if same and isinstance(one, ConditionGroup) else (one,))
    if len(flat) < 2:
        return flat[0] if flat else None
    if len(flat) > 100:  # the most that one group holds: halves of it hold the same
        middle = len(flat) // 2
        halves = (bracket(match, flat[:middle]), bracket(match, flat[middle:]))
        return ConditionGroup.model_validate({"match": match, "conditions": halves})
    return ConditionGroup.model_validate({"match": match, "conditions": tuple(flat)})
