"""What a document must satisfy beyond its shape before anybody may be asked with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from opulse.experience.surveys.models import (
    Choice,
    ChoiceCondition,
    Descriptive,
    DocumentProblem,
    DocumentReason,
    Dropdown,
    Matrix,
    MultipleChoice,
    Question,
    SingleChoice,
    Slider,
    SurveyDocument,
)
from opulse.experience.surveys.rules.texts import text_keys


def validate_document(document: SurveyDocument) -> list[DocumentProblem]:
    """Everything that stands in the way of publishing, in the order of the page; empty when nothing does."""
    return [
        *_empty(document),
        *_duplicates(document),
        *_display_logic(document),
        *_ranges(document),
        *_translations(document),
    ]


def _empty(document: SurveyDocument) -> Iterator[DocumentProblem]:
    if all(isinstance(question, Descriptive) for question in document.questions):
        yield DocumentProblem("blocks", DocumentReason.NO_QUESTION)


def _duplicates(document: SurveyDocument) -> Iterator[DocumentProblem]:
    for block_id in _repeated(block.id for block in document.blocks):
        yield DocumentProblem(block_id, DocumentReason.DUPLICATE_BLOCK)
    for question_id in _repeated(question.id for question in document.questions):
        yield DocumentProblem(question_id, DocumentReason.DUPLICATE_QUESTION)
    for question in document.questions:
        for choices in _choice_lists(question):
            for choice_id in _repeated(choice.id for choice in choices):
                yield DocumentProblem(question.id, DocumentReason.DUPLICATE_CHOICE, choice_id)


def _display_logic(document: SurveyDocument) -> Iterator[DocumentProblem]:
    everywhere = {question.id for question in document.questions}
    earlier: dict[str, Question] = {}
    for question in document.questions:
        for condition in question.display.conditions if question.display else ():
            yield from _condition(question.id, condition, earlier, everywhere)
        earlier[question.id] = question


def _condition(
    where: str, condition: ChoiceCondition, earlier: Mapping[str, Question], everywhere: set[str]
) -> Iterator[DocumentProblem]:
    if condition.question not in everywhere:
        yield DocumentProblem(where, DocumentReason.UNKNOWN_QUESTION, condition.question)
    elif condition.question not in earlier:
        yield DocumentProblem(where, DocumentReason.LATER_QUESTION, condition.question)
    else:
        yield from _condition_target(where, condition, earlier[condition.question])


def _condition_target(where: str, condition: ChoiceCondition, target: Question) -> Iterator[DocumentProblem]:
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


def _ranges(document: SurveyDocument) -> Iterator[DocumentProblem]:
    for question in document.questions:
        if isinstance(question, Slider) and question.minimum + question.step > question.maximum:
            yield DocumentProblem(question.id, DocumentReason.EMPTY_RANGE)


def _translations(document: SurveyDocument) -> Iterator[DocumentProblem]:
    known = text_keys(document)
    for language, texts in document.translations.items():
        if language == document.language:
            yield DocumentProblem(language, DocumentReason.BASE_LANGUAGE_TRANSLATED)
        for key in texts:
            if key not in known:
                yield DocumentProblem(language, DocumentReason.UNKNOWN_TEXT_KEY, key)


def _choice_lists(question: Question) -> tuple[tuple[Choice, ...], ...]:
    match question:
        case SingleChoice() | MultipleChoice() | Dropdown():
            return (question.choices,)
        case Matrix():
            return (question.rows, question.scale)
        case _:
            return ()


def _has(choices: Iterable[Choice], wanted: str | None) -> bool:
    return any(choice.id == wanted for choice in choices)


def _repeated(ids: Iterable[str]) -> list[str]:
    return [one for one, times in Counter(ids).items() if times > 1]
