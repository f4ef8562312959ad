"""Whether the conditions of a document look at something that is there, and that comes before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from opulse.experience.surveys.models import (
    AnswerCondition,
    Choice,
    ChoiceCondition,
    Comparison,
    Condition,
    ConditionGroup,
    DisplayLogic,
    DocumentProblem,
    DocumentReason,
    Dropdown,
    Matrix,
    MultipleChoice,
    Question,
    QuestionCondition,
    SingleChoice,
    SurveyDocument,
)
from opulse.experience.surveys.rules.keys import answer_keys, choice_lists
from opulse.experience.surveys.rules.order import blocks_in_order
from opulse.experience.surveys.rules.patterns import is_pattern


@dataclass(frozen=True, slots=True)
class Scope:
    """What a condition may look at: the questions that come before it, and all there are."""

    where: str
    earlier: Mapping[str, Question]
    everywhere: Collection[str]


def find_logic_problems(document: SurveyDocument) -> Iterator[DocumentProblem]:
    """The problems of display logic, skips and own checks, question by question."""
    everywhere = {question.id for question in document.questions}
    earlier: dict[str, Question] = {}
    for block in blocks_in_order(document):
        later = [question.id for question in block.questions]
        for question in block.questions:
            later = later[1:]
            scope = Scope(question.id, earlier, everywhere)
            for logic in _before_answering(question):
                yield from find_operand_problems(logic, scope)
            with_itself = Scope(question.id, {**earlier, question.id: question}, everywhere)
            for logic in _after_answering(question):
                yield from find_operand_problems(logic, with_itself)
            yield from _skips(question, earlier, everywhere)
            earlier[question.id] = question


def find_operand_problems(logic: DisplayLogic, scope: Scope) -> Iterator[DocumentProblem]:
    """What the conditions look at and may not."""
    for condition in conditions_of(logic.conditions):
        match condition:
            case ChoiceCondition() | AnswerCondition() | QuestionCondition():
                yield from _question(condition, scope)
            case _:
                pass
        operator = getattr(condition, "operator", None)
        pattern = getattr(condition, "value", "")
        if operator is Comparison.MATCHES and not is_pattern(pattern):
            yield DocumentProblem(scope.where, DocumentReason.BAD_PATTERN, pattern)


def conditions_of(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """Every condition, also those in brackets; the brackets themselves are left out."""
    for condition in conditions:
        if isinstance(condition, ConditionGroup):
            yield from conditions_of(condition.conditions)
        else:
            yield condition


def _before_answering(question: Question) -> Iterator[DisplayLogic]:
    if question.display is not None:
        yield question.display
    for choices in choice_lists(question).values():
        yield from (choice.display for choice in choices if choice.display is not None)


def _after_answering(question: Question) -> Iterator[DisplayLogic]:
    if question.check is not None:
        yield question.check.must_hold
    yield from (skip.when for skip in question.skips)


def _skips(
    question: Question, earlier: Mapping[str, Question], everywhere: Collection[str]
) -> Iterator[DocumentProblem]:
    for skip in question.skips:
        if skip.to in ("end_of_block", "end_of_survey"):
            continue
        if skip.to not in everywhere:
            yield DocumentProblem(question.id, DocumentReason.UNKNOWN_QUESTION, skip.to)
        elif skip.to in earlier or skip.to == question.id:
            yield DocumentProblem(question.id, DocumentReason.BACKWARD_SKIP, skip.to)


def _question(
    condition: ChoiceCondition | AnswerCondition | QuestionCondition, scope: Scope
) -> Iterator[DocumentProblem]:
    if condition.question not in scope.everywhere:
        yield DocumentProblem(scope.where, DocumentReason.UNKNOWN_QUESTION, condition.question)
        return
    if condition.question not in scope.earlier:
        yield DocumentProblem(scope.where, DocumentReason.LATER_QUESTION, condition.question)
        return
    target = scope.earlier[condition.question]
    match condition:
        case ChoiceCondition():
            yield from _choice(condition, target, scope.where)
        case AnswerCondition():
            yield from _answer(condition, target, scope.where)
        case _:
            pass


def _choice(condition: ChoiceCondition, target: Question, where: str) -> Iterator[DocumentProblem]:
    match target:
        case SingleChoice() | MultipleChoice() | Dropdown():
            found = condition.row is None and _has(target.choices, condition.choice)
        case Matrix():
            found = _has(target.rows, condition.row) and _has(target.scale, condition.choice)
        case _:
            yield DocumentProblem(where, DocumentReason.NOT_A_CHOICE_QUESTION, target.id)
            return
    if not found:
        detail = ".".join(part for part in (target.id, condition.row, condition.choice) if part)
        yield DocumentProblem(where, DocumentReason.UNKNOWN_CHOICE, detail)


def _answer(condition: AnswerCondition, target: Question, where: str) -> Iterator[DocumentProblem]:
    key = key_of(condition.question, condition.part)
    if key not in answer_keys(target):
        yield DocumentProblem(where, DocumentReason.UNKNOWN_ANSWER, key)


def key_of(question: str, part: str) -> str:
    """The answer key: ``QID1`` and ``TEXT`` are ``QID1_TEXT``, ``QID1`` and ``#2_1`` are ``QID1#2_1``."""
    if not part or part.startswith("#"):
        return f"{question}{part}"
    return f"{question}_{part}"


def _has(choices: Iterable[Choice], wanted: str | None) -> bool:
    return any(choice.id == wanted for choice in choices)
