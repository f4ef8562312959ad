"""Every text of a document under one key, so that translating, checking and counting texts share one walk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opulse.experience.surveys.models import (
    Block,
    Choice,
    Dropdown,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    SingleChoice,
    Slider,
    SurveyDocument,
)

Replace = Callable[[str, str], str]
"""(text key, text in the base language) → the text to use."""


def text_keys(document: SurveyDocument) -> dict[str, str]:
    """The key and base text of everything a respondent reads; texts that are empty have no key.

    Keys: ``title``, ``intro``, ``end_text``, ``BL_….title``, ``QID1.text``, ``QID1.note``, ``QID1.choice.2``,
    ``QID3.row.1``, ``QID3.scale.5``, ``QID2.low_label``, ``QID2.high_label``.
    """
    found: dict[str, str] = {}

    def collect(key: str, text: str) -> str:
        if text:
            found[key] = text
        return text

    replace_texts(document, collect)
    return found


def missing_translations(document: SurveyDocument, language: str) -> list[str]:
    """Keys that ``language`` leaves to the base language, in the order of the page."""
    if language == document.language:
        return []
    translated = document.translations.get(language, {})
    return [key for key in text_keys(document) if key not in translated]


def replace_texts(document: SurveyDocument, replace: Replace) -> SurveyDocument:
    """The same document with every text passed through ``replace``."""
    return document.model_copy(
        update={
            "title": replace("title", document.title),
            "intro": replace("intro", document.intro),
            "blocks": tuple(_replace_in_block(block, replace) for block in document.blocks),
            "end_text": replace("end_text", document.end_text),
        }
    )


def _replace_in_block(block: Block, replace: Replace) -> Block:
    return block.model_copy(
        update={
            "title": replace(f"{block.id}.title", block.title),
            "questions": tuple(_replace_in_question(question, replace) for question in block.questions),
        }
    )


def _replace_in_question(question: Question, replace: Replace) -> Question:
    changed: dict[str, Any] = {
        "text": replace(f"{question.id}.text", question.text),
        "note": replace(f"{question.id}.note", question.note),
    }
    match question:
        case SingleChoice() | MultipleChoice() | Dropdown():
            changed["choices"] = _replace_in_choices(question.choices, f"{question.id}.choice", replace)
        case Matrix():
            changed["rows"] = _replace_in_choices(question.rows, f"{question.id}.row", replace)
            changed["scale"] = _replace_in_choices(question.scale, f"{question.id}.scale", replace)
        case NetPromoter() | Slider():
            changed["low_label"] = replace(f"{question.id}.low_label", question.low_label)
            changed["high_label"] = replace(f"{question.id}.high_label", question.high_label)
        case _:
            pass
    return question.model_copy(update=changed)


def _replace_in_choices(choices: tuple[Choice, ...], prefix: str, replace: Replace) -> tuple[Choice, ...]:
    return tuple(
        choice.model_copy(update={"text": replace(f"{prefix}.{choice.id}", choice.text)})
        for choice in choices
    )


def with_texts(document: SurveyDocument, language: str, texts: Mapping[str, str]) -> SurveyDocument:
    """The document with ``texts`` (by key) in ``language``; keys that the document does not have are ignored.

    In the base language an empty text leaves the former one; in a translation it falls back to the base language.

    Raises:
        ValidationError: a text is too long, or ``language`` is not a language code.
    """
    known = {key: text for key, text in texts.items() if text and key in text_keys(document)}
    if language == document.language:
        changed = replace_texts(document, known.get)
    else:
        changed = document.model_copy(update={"translations": {**document.translations, language: known}})
    return SurveyDocument.model_validate(changed.model_dump())
