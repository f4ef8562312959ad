"""One question of a QSF file (the payload of an ``SQ`` element), read with all that its kind may have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from opulse.experience.surveys.qsf import loose
from opulse.experience.surveys.qsf.logic import read_logic
from opulse.experience.surveys.qsf.models import Logic, Option, QsfQuestion, Validation

_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_UNFORCED = frozenset({"", "off", "none", "false"})


def read_question(name: str, payload: Mapping[str, Any], label: str = "") -> QsfQuestion:
    """A question named ``name``. ``label`` is the element's own short text, used where the payload has none."""
    html = loose.text(payload.get("QuestionText")) or loose.text(payload.get("QuestionText_Unsafe")) or label
    return QsfQuestion(
        id=name,
        type=loose.word(payload.get("QuestionType")),
        selector=loose.word(payload.get("Selector")),
        sub_selector=loose.word(payload.get("SubSelector")),
        html=html,
        export_tag=loose.word(payload.get("DataExportTag")),
        choices=_options(payload, "Choices", "ChoiceOrder", coded=not payload.get("Answers")),
        answers=_options(payload, "Answers", "AnswerOrder", coded=True),
        validation=_validation(payload.get("Validation")),
        logic=_display(payload),
        configuration=loose.mapping(payload.get("Configuration")),
        languages=_languages(payload.get("Language")),
        payload=payload,
        columns=tuple(_columns(name, payload)),
    )


def _options(payload: Mapping[str, Any], key: str, order_key: str, *, coded: bool) -> tuple[Option, ...]:
    """Choices in the order in which they are shown: one that the order does not name was deleted.

    A list instead of an object counts from 0 where the order does (the product writes 0 to 10 so), else from 1.
    """
    value = payload.get(key)
    named = [loose.word(one) for one in loose.sequence(payload.get(order_key))]
    if isinstance(value, list):
        source = {str(place): one for place, one in enumerate(value, start=0 if "0" in named else 1)}
    else:
        source = dict(loose.mapping(value))
    order = [name for name in named if name in source]
    recodes = loose.mapping(payload.get("RecodeValues")) if coded else {}
    names = loose.mapping(payload.get("VariableNaming")) if coded else {}
    kept = dict.fromkeys(order) or dict.fromkeys(loose.numbered(source))
    return tuple(
        _option(name, source[name], loose.word(recodes.get(name)), loose.text(names.get(name)).strip())
        for name in kept
        if source[name] is not None
    )


def _option(name: str, value: Any, recode: str, variable: str) -> Option:
    if not isinstance(value, dict):
        return Option(name, loose.text(value), recode=recode, name=variable)
    source = loose.mapping(value)
    return Option(
        name,
        loose.text(source.get("Display", source.get("display"))),
        text_entry=loose.truth(source.get("TextEntry")),
        exclusive=loose.truth(source.get("ExclusiveAnswer")),
        recode=recode,
        name=variable,
        logic=_display(source),
        raw=source,
    )


def _display(source: Mapping[str, Any]) -> Logic:
    """Display logic, whether it is judged on the page or before it."""
    return read_logic(source.get("DisplayLogic")) or read_logic(source.get("InPageDisplayLogic"))


def _validation(value: Any) -> Validation:
    settings = loose.mapping(loose.mapping(value).get("Settings"))
    forced = loose.word(settings.get("ForceResponse")).lower()
    kind = loose.word(settings.get("ForceResponseType")).lower()
    asked_once = "requestresponse" in (forced, kind)
    force = "" if forced in _UNFORCED else "request" if asked_once else "force"
    named, content = loose.word(settings.get("Type")), loose.word(settings.get("ContentType"))
    if named.startswith("Valid"):  # programs that write such files name the content as the type
        named, content = "ContentType", named
    return Validation(force, "" if named == "None" else named, content, settings)


def _languages(value: Any) -> dict[str, Mapping[str, Any]]:
    """Code → what that language says instead; an empty list where there is none."""
    if not isinstance(value, dict):
        return {}
    return {str(code).strip(): loose.mapping(one) for code, one in value.items() if isinstance(one, dict)}


def _columns(name: str, payload: Mapping[str, Any]) -> Iterator[QsfQuestion]:
    """The columns of a side by side in the file's order: questions of their own, over the same rows."""
    source = loose.mapping(payload.get("AdditionalQuestions"))
    for key in source:
        if isinstance(source[key], dict) and _NUMBER.fullmatch(key):
            inner = {
                one: value
                for one, value in loose.mapping(source[key]).items()
                if one != "AdditionalQuestions"
            }
            yield read_question(f"{name}#{key}", inner)
