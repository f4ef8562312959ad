"""Our conditions as the product's: sets of lines, *and* inside a set, *or* between sets."""

from __future__ import annotations

from typing import Any

from opulse.experience.surveys.models import (
    AnswerCondition,
    ChoiceCondition,
    Comparison,
    Condition,
    ConditionGroup,
    ConstantCondition,
    DisplayLogic,
    FieldCondition,
    FormEntry,
    NetPromoter,
    Question,
    QuestionCondition,
    QuestionOperator,
    SideBySide,
    TextEntry,
    TextMatrix,
)
from opulse.experience.surveys.qsf.mapping.located import CHOICE_OPERATORS

OPERATORS = {
    Comparison.EQUAL: "EqualTo",
    Comparison.NOT_EQUAL: "NotEqualTo",
    Comparison.GREATER: "GreaterThan",
    Comparison.GREATER_OR_EQUAL: "GreaterThanOrEqual",
    Comparison.LESS: "LessThan",
    Comparison.LESS_OR_EQUAL: "LessThanOrEqual",
    Comparison.CONTAINS: "Contains",
    Comparison.NOT_CONTAINS: "DoesNotContain",
    Comparison.MATCHES: "MatchesRegex",
    Comparison.EMPTY: "Empty",
    Comparison.NOT_EMPTY: "NotEmpty",
}
_CHOICES = {ours: theirs for theirs, ours in CHOICE_OPERATORS.items()}
_WHOLE = {
    QuestionOperator.SHOWN: ("QuestionDisplayed", "Displayed"),
    QuestionOperator.NOT_SHOWN: ("QuestionDisplayed", "NotDisplayed"),
    QuestionOperator.ANSWERED: ("ChoiceGroup/SelectedChoices", "NotEmpty"),
    QuestionOperator.NOT_ANSWERED: ("ChoiceGroup/SelectedChoices", "Empty"),
}

Json = dict[str, Any]
Known = dict[str, Question]
"""Question id → question of the document, to know which locator its kind has."""


def write_logic(logic: DisplayLogic, known: Known) -> Json:
    """A ``BooleanExpression``: *and* binds sets and lines, *or* separates them. Deeper brackets than that are written flat."""
    written: Json = {"Type": "BooleanExpression"}
    runs = list(logic.conditions)
    if logic.match == "all" or not any(isinstance(one, ConditionGroup) for one in runs):
        runs = [ConditionGroup(match=logic.match, conditions=logic.conditions)]
    sets = [pair for run in runs for pair in _sets(run)]
    for place, (joined, members) in enumerate(sets):
        lines: Json = {"Type": "If" if place == 0 else joined}
        for number, (word, condition) in enumerate(members):
            line = write_condition(condition, known)
            lines[str(number)] = line if number == 0 else {**line, "Conjuction": word}
        written[str(place)] = lines
    return {**written, "inPage": False}


def write_condition(condition: Condition, known: Known) -> Json:
    """One line; a group gives its first condition."""
    match condition:
        case ChoiceCondition():
            return _of_question(
                condition.question, choice_locator(condition, known), _CHOICES[condition.operator]
            )
        case AnswerCondition() if cell := _cell(condition, known):
            return _of_question(condition.question, *cell)
        case AnswerCondition():
            locator = f"q://{_mark(condition)}/{_answer_place(condition, known)}"
            line = _of_question(condition.question, locator, OPERATORS[condition.operator])
            return {**line, "RightOperand": condition.value}
        case QuestionCondition():
            place, operator = _WHOLE[condition.operator]
            return _of_question(condition.question, f"q://{condition.question}/{place}", operator)
        case FieldCondition():
            return _of_field(condition)
        case ConstantCondition():
            value = "True" if condition.value else "False"
            return {"LogicType": "BooleanValue", "Value": value, "Type": "Expression"}
        case ConditionGroup():
            return write_condition(condition.conditions[0], known)


def choice_locator(condition: ChoiceCondition, known: Known) -> str:
    """``q://QID4/SelectableChoice/2/3``: row and point of a matrix, else the choice."""
    shown = condition.operator.value.endswith("displayed")
    head = "ChoiceDisplayed" if shown else "SelectableChoice"
    place = (
        condition.row
        if shown and condition.row
        else "/".join(part for part in (condition.row, condition.choice) if part)
    )
    return f"q://{condition.question}/{head}/{place}"


_Line = tuple[str, Condition]


def _sets(run: Condition) -> list[tuple[str, list[_Line]]]:
    """The sets of one run that *or* separates from the others; its own sets hang together by *and*."""
    members = run.conditions if isinstance(run, ConditionGroup) and run.match == "all" else (run,)
    if not any(isinstance(one, ConditionGroup) for one in members):
        return [("OrIf", [("And", one) for one in members])]
    return [("AndIf" if place else "OrIf", _lines(one)) for place, one in enumerate(members)]


def _lines(condition: Condition) -> list[_Line]:
    """The lines of one set: runs of *and*, separated by *or*."""
    runs = (
        condition.conditions
        if isinstance(condition, ConditionGroup) and condition.match == "any"
        else (condition,)
    )
    return [("Or" if place == 0 else "And", one) for run in runs for place, one in enumerate(_leaves(run))]


def _leaves(condition: Condition) -> list[Condition]:
    if not isinstance(condition, ConditionGroup):
        return [condition]
    return [leaf for one in condition.conditions for leaf in _leaves(one)]


def _of_question(question: str, locator: str, operator: str) -> Json:
    return {
        "LogicType": "Question",
        "QuestionID": question,
        "QuestionIsInLoop": "no",
        "ChoiceLocator": locator,
        "Operator": operator,
        "QuestionIDFromLocator": question,
        "LeftOperand": locator,
        "Type": "Expression",
    }


def _of_field(condition: FieldCondition) -> Json:
    kind, operand, operator = "EmbeddedField", condition.name, OPERATORS[condition.operator]
    if condition.source == "contact":
        kind, operand = "PanelData", f"m://{condition.name}"
    elif condition.source == "loop":
        place = {"number": "CurrentLoopNumber", "id": "CurrentLoop"}.get(
            condition.name, f"Field/{condition.name}"
        )
        kind, operand = "LoopAndMerge", f"lm://{place}"
    elif condition.source == "device":
        device = {"LogicType": "DeviceType", "LeftOperand": condition.value, "Type": "Expression"}
        return {**device, "Operator": "Is" if condition.operator is Comparison.EQUAL else "IsNot"}
    asked = {"LogicType": kind, "LeftOperand": operand, "Operator": operator, "Type": "Expression"}
    return {**asked, "RightOperand": condition.value}


def _mark(condition: AnswerCondition) -> str:
    column = condition.part.partition("_")[0] if condition.part.startswith("#") else ""
    return f"{condition.question}{column}".replace("#", "%23")


def _answer_place(condition: AnswerCondition, known: Known) -> str:
    """The end of the locator: which value of the question is compared."""
    target = known.get(condition.question)
    inner = condition.part.partition("_")[2] if condition.part.startswith("#") else condition.part
    if condition.of == "count":
        return "SelectedChoicesCount"
    if condition.of == "recode":
        return f"SelectedAnswerRecode/{inner}" if inner else "SelectedChoicesRecode"
    if isinstance(target, TextEntry):
        return "ChoiceTextEntryValue"
    typed = inner.endswith("_TEXT") or isinstance(target, FormEntry | TextMatrix)
    head = "ChoiceTextEntryValue" if typed else "ChoiceNumericEntryValue"
    return f"{head}/{inner.removesuffix('_TEXT').replace('_', '/')}".rstrip("/")


def _cell(condition: AnswerCondition, known: Known) -> tuple[str, str] | None:
    """Locator and operator of a condition on one answer of a side by side or of an NPS question."""
    target, inner = known.get(condition.question), condition.part.partition("_")[2]
    operator = {Comparison.EQUAL: "Selected", Comparison.NOT_EQUAL: "NotSelected"}.get(condition.operator)
    if operator is None or condition.of != "value" or not condition.value.isdigit():
        return None
    if isinstance(target, SideBySide) and not inner.endswith("_TEXT"):
        return f"q://{_mark(condition)}/SelectableChoice/{inner}/{condition.value}", operator
    if isinstance(target, NetPromoter):
        return f"q://{condition.question}/SelectableChoice/{condition.value}", operator
    return None
