"""Whether a survey is one page that is alike for everybody, or a way that each person walks."""

from __future__ import annotations

from collections.abc import Iterator

from opulse.experience.surveys.models import (
    AS_WRITTEN,
    Branch,
    BrowserInfo,
    DisplayLogic,
    EndOfSurvey,
    FieldCondition,
    Matrix,
    Question,
    SetFields,
    SurveyDocument,
    Timing,
)
from opulse.experience.surveys.rules.keys import choice_lists
from opulse.experience.surveys.rules.operands import conditions_of
from opulse.experience.surveys.rules.order import steps_of
from opulse.experience.surveys.rules.piping import has_pipes
from opulse.experience.surveys.rules.texts import text_keys
from opulse.templating.piped import EMBEDDED, parse_piped


def is_walked(document: SurveyDocument) -> bool:
    """Whether pages depend on the person: a flow, breaks, skips, loops, order by chance, piped text, what is known of them.

    A survey that is not walked is one page, drawn once for everybody: the pulse of an incident stays as quick as that.
    """
    if document.flow or document.options.one_per_page:
        return True
    if any(block.loop is not None or block.order != AS_WRITTEN for block in document.blocks):
        return True
    if any(_is_personal(question) for question in document.questions):
        return True
    texts = [
        *text_keys(document).values(),
        *(text for one in document.translations.values() for text in one.values()),
    ]
    return any(has_pipes(text) for text in texts)


def embedded_names(document: SurveyDocument) -> frozenset[str]:
    """The embedded data that the survey reads or writes: nothing else of a contact's is kept with their answers."""
    written = {
        one.name for step in steps_of(document.flow) if isinstance(step, SetFields) for one in step.fields
    }
    values = [
        one.value or ""
        for step in steps_of(document.flow)
        if isinstance(step, SetFields)
        for one in step.fields
    ]
    texts = [*_texts(document), *values]
    piped = {
        slot.path.removeprefix("Field/")
        for text in texts
        if "${" in text
        for slot in parse_piped(text).slots
        if slot.source == EMBEDDED
    }
    asked = {
        condition.name
        for logic in _logics(document)
        for condition in conditions_of(logic.conditions)
        if isinstance(condition, FieldCondition) and condition.source == "embedded"
    }
    return frozenset(written | piped | asked)


def _texts(document: SurveyDocument) -> list[str]:
    translated = [text for texts in document.translations.values() for text in texts.values()]
    redirects = [step.redirect for step in steps_of(document.flow) if isinstance(step, EndOfSurvey)]
    return [*text_keys(document).values(), *translated, *redirects]


def _logics(document: SurveyDocument) -> Iterator[DisplayLogic]:
    yield from (step.when for step in steps_of(document.flow) if isinstance(step, Branch))
    for question in document.questions:
        yield from _logics_of(question)


def _logics_of(question: Question) -> Iterator[DisplayLogic]:
    if question.display is not None:
        yield question.display
    if question.check is not None:
        yield question.check.must_hold
    yield from (skip.when for skip in question.skips)
    for choices in choice_lists(question).values():
        yield from (choice.display for choice in choices if choice.display is not None)


def _is_personal(question: Question) -> bool:
    if isinstance(question, Timing | BrowserInfo) or question.page_break or question.skips:
        return True
    if getattr(question, "order", AS_WRITTEN) != AS_WRITTEN or (
        isinstance(question, Matrix) and question.flip_scale
    ):
        return True
    if any(choice.display is not None for choices in choice_lists(question).values() for choice in choices):
        return True
    return any(
        isinstance(condition, FieldCondition)
        for logic in _logics_of(question)
        for condition in conditions_of(logic.conditions)
    )
