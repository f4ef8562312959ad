"""What is known of a person at one moment of a survey, and whether conditions hold for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from opulse.experience.surveys.models import (
    AnswerCondition,
    AnswerValue,
    Choice,
    ChoiceCondition,
    Comparison,
    Condition,
    ConditionGroup,
    ConstantCondition,
    DisplayLogic,
    FieldCondition,
    Operator,
    Question,
    QuestionCondition,
    QuestionOperator,
)
from opulse.experience.surveys.rules.keys import answer_keys, choice_lists
from opulse.experience.surveys.rules.operands import key_of
from opulse.experience.surveys.rules.patterns import found_in


@dataclass(frozen=True, slots=True)
class Known:
    """What conditions and piped text may look at.

    ``shown`` are the questions met so far by id: an answer that was left behind by one that has since been hidden does not
    count. ``round`` is what stands before the ids of a loop's questions (``2_``); a condition inside a loop means the
    question of its own round.
    """

    answers: Mapping[str, AnswerValue]
    shown: Mapping[str, Question]
    embedded: Mapping[str, str] = field(default_factory=dict)
    contact: Mapping[str, str] = field(default_factory=dict)
    loop: Mapping[str, str] = field(default_factory=dict)
    device: str = ""
    round: str = ""

    def name_of(self, question: str) -> str:
        """The id under which a question was met: in a round of a loop its own, else the plain one."""
        return own if self.round and (own := f"{self.round}{question}") in self.shown else question


def holds(logic: DisplayLogic, known: Known) -> bool:
    """Whether the conditions hold."""
    return _all_or_any(logic, known)


def is_offered(choice: Choice, known: Known) -> bool:
    """Whether a choice or a row is offered."""
    return choice.display is None or holds(choice.display, known)


def _all_or_any(logic: DisplayLogic | ConditionGroup, known: Known) -> bool:
    outcomes = (_holds(condition, known) for condition in logic.conditions)
    return all(outcomes) if logic.match == "all" else any(outcomes)


def _holds(condition: Condition, known: Known) -> bool:
    match condition:
        case ChoiceCondition():
            return _choice_holds(condition, known)
        case AnswerCondition():
            return compare(_compared(condition, known), condition.operator, condition.value)
        case QuestionCondition():
            return _question_holds(condition, known)
        case FieldCondition():
            return compare(
                field_value(condition.source, condition.name, known), condition.operator, condition.value
            )
        case ConstantCondition():
            return condition.value
        case ConditionGroup():
            return _all_or_any(condition, known)


def _choice_holds(condition: ChoiceCondition, known: Known) -> bool:
    name = known.name_of(condition.question)
    if condition.operator in (Operator.DISPLAYED, Operator.NOT_DISPLAYED):
        wanted = condition.choice if condition.row is None else condition.row
        offered = name in known.shown and any(
            choice.id == wanted and is_offered(choice, known)
            for choice in next(iter(choice_lists(known.shown[name]).values()), ())
        )
        return offered is (condition.operator is Operator.DISPLAYED)
    selected = name in known.shown and _is_selected(condition, name, known.answers)
    return selected is (condition.operator is Operator.SELECTED)


def _is_selected(condition: ChoiceCondition, name: str, answers: Mapping[str, AnswerValue]) -> bool:
    value = answers.get(name if condition.row is None else f"{name}_{condition.row}")
    return condition.choice in value if isinstance(value, list) else value == condition.choice


def _question_holds(condition: QuestionCondition, known: Known) -> bool:
    name = known.name_of(condition.question)
    shown = name in known.shown
    if condition.operator in (QuestionOperator.SHOWN, QuestionOperator.NOT_SHOWN):
        return shown is (condition.operator is QuestionOperator.SHOWN)
    answered = shown and any(key in known.answers for key in answer_keys(known.shown[name]))
    return answered is (condition.operator is QuestionOperator.ANSWERED)


def _compared(condition: AnswerCondition, known: Known) -> str:
    name = known.name_of(condition.question)
    if name not in known.shown:
        return ""
    value = known.answers.get(key_of(name, condition.part), "")
    if condition.of == "count":
        return str(len(value) if isinstance(value, list) else int(value != ""))
    if condition.of == "recode":
        return ", ".join(_recoded(known.shown[name], one) for one in _as_list(value))
    return ", ".join(_as_list(value))


def _as_list(value: AnswerValue) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def _recoded(question: Question, value: str) -> str:
    """A choice's exported value; anything else is its own."""
    for choices in reversed(list(choice_lists(question).values())):
        for choice in choices:
            if choice.id == value:
                return choice.recode or value
    return value


def field_value(source: str, name: str, known: Known) -> str:
    """Something known beside the answers; empty when it is not."""
    match source:
        case "contact":
            return known.contact.get(name, "")
        case "loop":
            return known.loop.get(name, "")
        case "device":
            return known.device
        case _:
            return known.embedded.get(name, "")


def compare(value: str, operator: Comparison, wanted: str) -> bool:
    """Numbers as numbers, everything else as text without regard to case."""
    match operator:
        case Comparison.EMPTY:
            return not value
        case Comparison.NOT_EMPTY:
            return bool(value)
        case Comparison.EQUAL:
            return _same(value, wanted)
        case Comparison.NOT_EQUAL:
            return not _same(value, wanted)
        case Comparison.CONTAINS:
            return wanted.casefold() in value.casefold()
        case Comparison.NOT_CONTAINS:
            return wanted.casefold() not in value.casefold()
        case Comparison.MATCHES:
            return found_in(wanted, value)
        case _:
            return _in_order(value, operator, wanted)


def _same(value: str, wanted: str) -> bool:
    left, right = _number(value), _number(wanted)
    return left == right if left is not None and right is not None else value.casefold() == wanted.casefold()


def _in_order(value: str, operator: Comparison, wanted: str) -> bool:
    left, right = _number(value), _number(wanted)
    if left is None or right is None:
        return False
    match operator:
        case Comparison.GREATER:
            return left > right
        case Comparison.GREATER_OR_EQUAL:
            return left >= right
        case Comparison.LESS:
            return left < right
        case _:
            return left <= right


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
