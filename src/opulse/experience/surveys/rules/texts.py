"""Every text of a document under one key, so that translating, checking and counting texts share one walk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opulse.experience.surveys.models import (
    AnswerChoice,
    Block,
    Branch,
    Choice,
    DrillDown,
    DrillOption,
    EndOfSurvey,
    FormField,
    Group,
    Question,
    Randomizer,
    SideColumn,
    Slider,
    Step,
    SurveyDocument,
)

Replace = Callable[[str, str], str]
"""(text key, text in the base language) → the text to use."""

_OF_A_QUESTION = ("text", "note", "low_label", "high_label", "unit")
_LISTS = {"choices": "choice", "rows": "row", "scale": "scale", "items": "item", "fields": "field"}


def text_keys(document: SurveyDocument) -> dict[str, str]:
    """The key and base text of everything a respondent reads; texts that are empty have no key.

    Keys: ``title``, ``intro``, ``end_text``, ``BL_….title``, ``BL_….loop.1.2`` (round 1, field 2), ``FL_3.message``,
    ``QID1.text``, ``QID1.note``, ``QID1.choice.2``, ``QID1.choice.2.group``, ``QID3.row.1``, ``QID3.row.1.opposite``,
    ``QID3.scale.5``, ``QID2.low_label``, ``QID4.field.2``, ``QID5.item.1``, ``QID6.column.1.scale.2``, ``QID8.level.1``,
    ``QID8.option.17``, ``QID5.label.2``, ``QID4.message`` (a rule's own words), ``QID4.check``.
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
    options = document.options
    return document.model_copy(
        update={
            "title": replace("title", document.title),
            "intro": replace("intro", document.intro),
            "blocks": tuple(_replace_in_block(block, replace) for block in document.blocks),
            "flow": _replace_in_steps(document.flow, replace),
            "end_text": replace("end_text", document.end_text),
            "options": options.model_copy(
                update={
                    "next_text": replace("options.next_text", options.next_text),
                    "back_text": replace("options.back_text", options.back_text),
                }
            ),
        }
    )


def replace_in_question(question: Question, replace: Replace) -> Question:
    """The same question with every text passed through ``replace``."""
    name = question.id
    changed: dict[str, Any] = {
        field: replace(f"{name}.{field}", getattr(question, field))
        for field in _OF_A_QUESTION
        if hasattr(question, field)
    }
    for field, word in _LISTS.items():
        choices = getattr(question, field, ())
        if choices:
            changed[field] = _replace_in_choices(choices, f"{name}.{word}", replace)
    if question.check is not None:
        message = replace(f"{name}.check", question.check.message)
        changed["check"] = question.check.model_copy(update={"message": message})
    if hasattr(question, "rule"):
        changed["rule"] = _replace_in_rule(question.rule, name, replace)
    if hasattr(question, "columns"):
        changed["columns"] = tuple(
            _replace_in_column(one, f"{name}.column", replace) for one in question.columns
        )
    if isinstance(question, Slider):
        changed["labels"] = _replace_in_row(question.labels, f"{name}.label", replace)
    if isinstance(question, DrillDown):
        changed["levels"] = _replace_in_row(question.levels, f"{name}.level", replace)
        changed["options"] = _replace_in_options(question.options, f"{name}.option", replace)
    return question.model_copy(update=changed)


def _replace_in_block(block: Block, replace: Replace) -> Block:
    changed: dict[str, Any] = {
        "title": replace(f"{block.id}.title", block.title),
        "questions": tuple(replace_in_question(question, replace) for question in block.questions),
    }
    if block.loop is not None and block.loop.rows:
        rows = tuple(
            row.model_copy(
                update={"fields": _replace_in_row(row.fields, f"{block.id}.loop.{row.id}", replace)}
            )
            for row in block.loop.rows
        )
        changed["loop"] = block.loop.model_copy(update={"rows": rows})
    return block.model_copy(update=changed)


def _replace_in_steps(steps: Iterable[Step], replace: Replace) -> tuple[Step, ...]:
    replaced: list[Step] = []
    for step in steps:
        match step:
            case EndOfSurvey():
                message = replace(f"{step.id}.message", step.message)
                replaced.append(step.model_copy(update={"message": message}))
            case Branch() | Randomizer() | Group():
                flow = _replace_in_steps(step.flow, replace)
                replaced.append(step.model_copy(update={"flow": flow}))
            case _:
                replaced.append(step)
    return tuple(replaced)


def _replace_in_choices(choices: Iterable[Choice], prefix: str, replace: Replace) -> tuple[Choice, ...]:
    return tuple(_replace_in_choice(choice, f"{prefix}.{choice.id}", replace) for choice in choices)


def _replace_in_choice(choice: Choice, key: str, replace: Replace) -> Choice:
    changed: dict[str, Any] = {
        "text": replace(key, choice.text),
        "opposite": replace(f"{key}.opposite", choice.opposite),
    }
    if isinstance(choice, AnswerChoice):
        changed["group"] = replace(f"{key}.group", choice.group)
    if isinstance(choice, FormField):
        changed["rule"] = _replace_in_rule(choice.rule, key, replace)
    return choice.model_copy(update=changed)


def _replace_in_column(column: SideColumn | Choice, prefix: str, replace: Replace) -> SideColumn | Choice:
    key = f"{prefix}.{column.id}"
    changed: dict[str, Any] = {"text": replace(key, column.text)}
    if isinstance(column, SideColumn):
        changed["scale"] = _replace_in_choices(column.scale, f"{key}.scale", replace)
    return column.model_copy(update=changed)


def _replace_in_options(
    options: Iterable[DrillOption], prefix: str, replace: Replace
) -> tuple[DrillOption, ...]:
    return tuple(
        option.model_copy(
            update={
                "text": replace(f"{prefix}.{option.id}", option.text),
                "options": _replace_in_options(option.options, prefix, replace),
            }
        )
        for option in options
    )


def _replace_in_row(texts: Iterable[str], prefix: str, replace: Replace) -> tuple[str, ...]:
    return tuple(replace(f"{prefix}.{number}", text) for number, text in enumerate(texts, 1))


def _replace_in_rule(rule: Any, key: str, replace: Replace) -> Any:
    return rule.model_copy(update={"message": replace(f"{key}.message", rule.message)})


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
