"""Which language a person reads, in which direction, and the document in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from opulse.experience.surveys.models import LocalisedSurvey, SurveyDocument
from opulse.experience.surveys.rules.texts import replace_texts

_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def normal_language(code: str) -> str:
    """``AR``, ``EN_GB`` or ``de-AT`` as ``ar``, ``en-gb``, ``de-at``: products and people write codes in all ways."""
    return code.strip().lower().replace("_", "-")


def resolve_language(available: Sequence[str], *wanted: str | None) -> str:
    """The first wanted language that is available, whole or by its primary part; else ``available[0]``.

    ``wanted`` is in order of preference (the person's own switch, then the contact's language); blanks are skipped.
    """
    for code in wanted:
        normal = normal_language(code or "")
        for candidate in (normal, normal.partition("-")[0]):
            if candidate in available:
                return candidate
    return available[0]


def direction_of(language: str) -> Literal["ltr", "rtl"]:
    """Which way the language is written."""
    return "rtl" if normal_language(language).partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def localise(document: SurveyDocument, language: str | None) -> LocalisedSurvey:
    """The document in the closest language it has; a text without a translation stays in the base language."""
    chosen = resolve_language(document.languages, language)
    translated = document.translations.get(chosen, {})
    worded = replace_texts(document, translated.get)
    return LocalisedSurvey.model_construct(
        language=chosen,
        direction=direction_of(chosen),
        languages=document.languages,
        title=worded.title,
        intro=worded.intro,
        blocks=worded.blocks,
        flow=worded.flow,
        end_text=worded.end_text,
        options=worded.options,
        look=worded.look,
    )
