"""A survey of Qualtrics, and the answers to it, in our own shapes: so that they are counted and shown as ours are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from opulse.bridges.qualtrics.models import FoundQuestion, FoundSurvey
from opulse.experience.surveys.models import (
    AnswerChoice,
    Answers,
    Block,
    Choice,
    Dropdown,
    Matrix,
    MultipleChoice,
    NetPromoter,
    Question,
    SingleChoice,
    SurveyDocument,
    TextEntry,
)
from opulse.experience.surveys.qsf.html import plain

_SINGLE: Final = frozenset({"SAVR", "SAHR", "SACOL", "SB"})
_SEVERAL: Final = frozenset({"MAVR", "MAHR", "MACOL", "MSB"})
_LOOKS: Final = ((3_600, 60), (24 * 3_600, 600), (7 * 24 * 3_600, 6 * 3_600))
"""(Until so many seconds after the last people were asked, seconds between looks): the first answers come at once."""


def next_look(since_asked: float) -> float | None:
    """Seconds until answers are looked for again, so long after people were asked last; None: no more."""
    return next((float(pause) for until, pause in _LOOKS if since_asked < until), None)


def document_of(found: FoundSurvey) -> SurveyDocument | None:
    """The questions of which we show answers; None: it has none. What we have no kind for is left out."""
    questions = [made for one in found.questions if (made := _question(one)) is not None]
    if not questions:
        return None
    block = Block(id=f"BL_{'0' * 15}", questions=tuple(questions[:500]))
    return SurveyDocument(title=found.name[:200] or "Survey", language="en", blocks=(block,))


def answers_of(document: SurveyDocument, values: Mapping[str, Any]) -> Answers:
    """What a response of theirs says, under our answer keys; what fits no question of ours is left out."""
    found: Answers = {}
    for question in document.questions:
        for key, value in _given(question, values):
            found[key] = value
    return found


def _question(found: FoundQuestion) -> Question | None:
    try:
        return _made(found)
    except ValidationError:
        return None  # as an id that we have no room for: the others are shown


def _made(found: FoundQuestion) -> Question | None:
    said: dict[str, Any] = {"id": found.id, "text": _words(found.text, found.id)}
    choices: list[dict[str, Any]] = [
        {"id": one.id, "text": _words(one.text, one.recode), "recode": _recode(one.id, one.recode)}
        for one in found.choices
    ]
    if found.kind == "TE" and found.selector != "FORM":
        return TextEntry(**said)
    if found.kind == "MC" and found.selector == "NPS":
        return NetPromoter(**said, low_label="0", high_label="10")
    if found.kind == "MC" and choices:
        answered = tuple(AnswerChoice(**one) for one in choices)
        if found.selector in _SINGLE:
            return SingleChoice(**said, choices=answered)
        if found.selector in _SEVERAL:
            return MultipleChoice(**said, choices=answered)
        if found.selector == "DL":
            return Dropdown(**said, choices=tuple(Choice(**one) for one in choices))
    if found.kind == "Matrix" and found.selector == "Likert" and choices and found.rows:
        rows = tuple(Choice(id=place, text=_words(text, place)) for place, text in found.rows)
        several = found.sub_selector == "MultipleAnswer"
        scale = tuple(Choice(**one) for one in choices)
        return Matrix(**said, rows=rows, scale=scale, answers="several" if several else "one")
    return None


def _given(question: Question, values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """(our answer key, value) of one question."""
    if isinstance(question, TextEntry):
        text = values.get(f"{question.id}_TEXT")
        if isinstance(text, str) and text.strip():
            yield f"{question.id}_TEXT", text
    elif isinstance(question, NetPromoter):
        number = _whole(values.get(question.id))
        if number is not None and 0 <= number <= 10:
            yield question.id, number
    elif isinstance(question, SingleChoice | Dropdown):
        if chosen := _chosen(question.choices, values.get(question.id)):
            yield question.id, chosen[0]
    elif isinstance(question, MultipleChoice):
        if chosen := _chosen(question.choices, values.get(question.id)):
            yield question.id, chosen
    elif isinstance(question, Matrix):
        for row in question.rows:
            key = f"{question.id}_{row.id}"
            if chosen := _chosen(question.scale, values.get(key)):
                yield key, chosen if question.answers == "several" else chosen[0]


def _chosen(choices: Iterable[Choice], value: Any) -> list[str]:
    """The ids of the choices whose recodes these are; ``3``, ``"3"`` and ``3.0`` are the same."""
    given = value if isinstance(value, list) else [value]
    by_recode = {one.recode or one.id: one.id for one in choices}
    texts = (str(_whole(one) if _whole(one) is not None else one) for one in given)
    return [by_recode[text] for text in texts if text in by_recode]


def _whole(value: Any) -> int | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None


def _recode(choice: str, recode: str) -> str:
    return "" if recode == choice else recode


def _words(html: str, otherwise: str) -> str:
    """Readable text; a picture or nothing is called by ``otherwise``."""
    return plain(html).text.strip()[:1_000] or otherwise
