"""Translations: each question is mapped once more with another language's texts, and what then reads otherwise is kept."""

from __future__ import annotations

from opulse.experience.surveys.models import Question, SurveyDocument
from opulse.experience.surveys.qsf.mapping.choosing import LeftOut
from opulse.experience.surveys.qsf.mapping.names import Names
from opulse.experience.surveys.qsf.mapping.options import localised
from opulse.experience.surveys.qsf.mapping.questions import map_question
from opulse.experience.surveys.qsf.mapping.words import Account, Desk, language_of
from opulse.experience.surveys.qsf.models import QsfSurvey
from opulse.experience.surveys.rules import text_keys

_MOST_LANGUAGES = 100


def translations_of(survey: QsfSurvey, names: Names, document: SurveyDocument) -> dict[str, dict[str, str]]:
    """Language → text key → text, for what the file says in other languages."""
    base = text_keys(document)
    codes = dict.fromkeys(code for question in survey.questions.values() for code in question.languages)
    found: dict[str, dict[str, str]] = {}
    for code in list(codes)[:_MOST_LANGUAGES]:
        language = language_of(code)
        if not language or language == document.language:
            continue
        worded = _worded(survey, names, code)
        said = text_keys(_with_questions(document, worded))
        texts = {key: text for key, text in said.items() if key in base and text != base[key]}
        if texts:
            found[language] = {**found.get(language, {}), **texts}
    return found


def _worded(survey: QsfSurvey, names: Names, code: str) -> dict[str, Question]:
    """Our id → the question in one language, of those that the file translates."""
    found: dict[str, Question] = {}
    for question in survey.questions.values():
        texts = question.languages.get(code)
        if texts:
            try:
                mapped = map_question(localised(question, texts), Desk(survey, names, Account()))
            except LeftOut:
                continue
            found[mapped.id] = mapped
    return found


def _with_questions(document: SurveyDocument, worded: dict[str, Question]) -> SurveyDocument:
    blocks = tuple(
        block.model_copy(update={"questions": tuple(worded.get(one.id, one) for one in block.questions)})
        for block in document.blocks
    )
    return document.model_copy(update={"blocks": blocks})
