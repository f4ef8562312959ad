"""What a document must satisfy beyond its shape before anybody may be asked with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from opulse.experience.surveys.models import (
    ConstantSum,
    DocumentProblem,
    DocumentReason,
    DrillDown,
    FormEntry,
    LoopRow,
    MultipleChoice,
    Ordering,
    Question,
    RankOrder,
    SideBySide,
    Slider,
    SurveyDocument,
    TextEntry,
    TextMatrix,
    TextRule,
)
from opulse.experience.surveys.rules.editing import text_keys_of
from opulse.experience.surveys.rules.flows import find_flow_problems
from opulse.experience.surveys.rules.keys import choice_lists, drill_options, is_answerable
from opulse.experience.surveys.rules.operands import find_logic_problems
from opulse.experience.surveys.rules.patterns import is_pattern
from opulse.experience.surveys.rules.texts import text_keys


def validate_document(document: SurveyDocument) -> list[DocumentProblem]:
    """Everything that stands in the way of publishing, in the order of the page; empty when nothing does."""
    return [
        *_empty(document),
        *_duplicates(document),
        *find_logic_problems(document),
        *_ranges(document),
        *find_flow_problems(document),
        *_translations(document),
    ]


def _empty(document: SurveyDocument) -> Iterator[DocumentProblem]:
    if not any(is_answerable(question) for question in document.questions):
        yield DocumentProblem("blocks", DocumentReason.NO_QUESTION)


def _duplicates(document: SurveyDocument) -> Iterator[DocumentProblem]:
    for block_id in _repeated(block.id for block in document.blocks):
        yield DocumentProblem(block_id, DocumentReason.DUPLICATE_BLOCK)
    for question_id in _repeated(question.id for question in document.questions):
        yield DocumentProblem(question_id, DocumentReason.DUPLICATE_QUESTION)
    for question in document.questions:
        for ids in _lists_of_ids(question):
            for choice_id in _repeated(ids):
                yield DocumentProblem(question.id, DocumentReason.DUPLICATE_CHOICE, choice_id)


def _lists_of_ids(question: Question) -> Iterator[list[str]]:
    for choices in choice_lists(question).values():
        yield [choice.id for choice in choices]
    if isinstance(question, SideBySide):
        yield [column.id for column in question.columns]
    if isinstance(question, DrillDown):
        yield list(_drill_ids(question))


def _drill_ids(question: DrillDown) -> Iterator[str]:
    pending = list(question.options)
    while pending:
        option = pending.pop()
        yield option.id
        pending.extend(option.options)


def _ranges(document: SurveyDocument) -> Iterator[DocumentProblem]:
    for question in document.questions:
        yield from _limits(question)
        order = getattr(question, "order", None)
        if order is not None:
            yield from _order(question.id, order, len(next(iter(choice_lists(question).values()), ())))
        if isinstance(question, TextEntry | TextMatrix):
            yield from _rule(question.id, question.rule, question.max_length)
        if isinstance(question, FormEntry):
            for field in question.fields:
                yield from _rule(question.id, field.rule, field.max_length)
    for block in document.blocks:
        yield from _order(block.id, block.order, len(block.questions))
        if block.loop is not None and block.loop.rows:
            yield from _loop_rows(block.id, block.loop.rows)


def _limits(question: Question) -> Iterator[DocumentProblem]:
    match question:
        case Slider() if question.minimum + question.step > question.maximum:
            yield DocumentProblem(question.id, DocumentReason.EMPTY_RANGE)
        case MultipleChoice():
            least, most = question.min_choices or 0, question.max_choices or len(question.choices)
            if least > most:
                yield DocumentProblem(question.id, DocumentReason.LIMITS_CROSSED, f"{least} > {most}")
            if least > len(question.choices):
                yield DocumentProblem(question.id, DocumentReason.MORE_THAN_THERE_IS, str(least))
        case RankOrder() if (question.places or 0) > len(question.choices):
            yield DocumentProblem(question.id, DocumentReason.MORE_THAN_THERE_IS, str(question.places))
        case SideBySide():
            for column in question.columns:
                if column.answers != "text" and not column.scale:
                    yield DocumentProblem(question.id, DocumentReason.NO_SCALE, column.id)
        case DrillDown():
            deepest = max(len(way) for way in drill_options(question).values())
            if deepest > len(question.levels):
                yield DocumentProblem(question.id, DocumentReason.MORE_THAN_THERE_IS, f"level {deepest}")
        case ConstantSum() if question.total == 0 and question.required:
            yield DocumentProblem(question.id, DocumentReason.EMPTY_RANGE)
        case _:
            pass


def _order(where: str, order: Ordering, there: int) -> Iterator[DocumentProblem]:
    if order.show is not None and order.show > there:
        yield DocumentProblem(where, DocumentReason.MORE_THAN_THERE_IS, str(order.show))


def _rule(where: str, rule: TextRule, max_length: int) -> Iterator[DocumentProblem]:
    if rule.content == "pattern" and (not rule.pattern or not is_pattern(rule.pattern)):
        yield DocumentProblem(where, DocumentReason.BAD_PATTERN, rule.pattern)
    if rule.minimum is not None and rule.maximum is not None and rule.minimum > rule.maximum:
        detail = f"{rule.minimum:g} > {rule.maximum:g}"
        yield DocumentProblem(where, DocumentReason.LIMITS_CROSSED, detail)
    if rule.min_length > max_length:
        detail = f"{rule.min_length} > {max_length}"
        yield DocumentProblem(where, DocumentReason.LIMITS_CROSSED, detail)


def _loop_rows(where: str, rows: Iterable[LoopRow]) -> Iterator[DocumentProblem]:
    for row_id in _repeated(row.id for row in rows):
        yield DocumentProblem(where, DocumentReason.DUPLICATE_CHOICE, row_id)


def _translations(document: SurveyDocument) -> Iterator[DocumentProblem]:
    known = set(text_keys(document)).union(*(text_keys_of(question) for question in document.trash))
    for language, texts in document.translations.items():
        if language == document.language:
            yield DocumentProblem(language, DocumentReason.BASE_LANGUAGE_TRANSLATED)
        for key in texts:
            if key not in known:
                yield DocumentProblem(language, DocumentReason.UNKNOWN_TEXT_KEY, key)


def _repeated(ids: Iterable[str]) -> list[str]:
    return [one for one, times in Counter(ids).items() if times > 1]
