"""Reading what Qualtrics says of answers: only what we use, and that strictly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from opulse.bridges.qualtrics.models import (
    ExportedAnswer,
    FinishedAnswer,
    FoundChoice,
    FoundQuestion,
    FoundSurvey,
)
from opulse.bridges.qualtrics.reading import Envelope, Unreadable, decode

FINISHED = "SurveyFinished"


@dataclass(frozen=True)
class ExportState:
    """``file``: its id, once it is there; ``has_failed``: it never will be."""

    file: str
    has_failed: bool


class _Stats(msgspec.Struct):
    finished: int


class _Sent(msgspec.Struct):
    stats: _Stats


class _Told(msgspec.Struct):
    status: str
    contactId: str | None = None  # noqa: N815  (the wire's name)
    responseId: str | None = None  # noqa: N815
    responseCompletedAt: datetime | None = None  # noqa: N815


class _History(msgspec.Struct):
    elements: list[_Told]
    nextPage: str | None  # noqa: N815


class _Begun(msgspec.Struct):
    progressId: str  # noqa: N815


class _Export(msgspec.Struct):
    status: str
    fileId: str | None = None  # noqa: N815


class _Line(msgspec.Struct):
    responseId: str  # noqa: N815
    values: dict[str, Any]


class _Choice(msgspec.Struct):
    recode: str | int | None = None
    choiceText: str | None = None  # noqa: N815


class _Row(msgspec.Struct):
    choiceText: str | None = None  # noqa: N815


class _Type(msgspec.Struct):
    type: str
    selector: str | None = None
    subSelector: str | None = None  # noqa: N815


class _Question(msgspec.Struct):
    questionType: _Type  # noqa: N815
    questionText: str | None = None  # noqa: N815
    choices: dict[str, _Choice] | None = None
    subQuestions: dict[str, _Row] | None = None  # noqa: N815


class _Survey(msgspec.Struct):
    name: str
    questions: dict[str, _Question]


def read_stats(body: bytes) -> int:
    """How many people of a distribution have finished."""
    return decode(body, Envelope[_Sent]).result.stats.finished


def read_finished(body: bytes) -> tuple[list[FinishedAnswer], str | None]:
    """Who has finished, of a page of a distribution's history, and the next page."""
    result = decode(body, Envelope[_History]).result
    found = [
        FinishedAnswer(one.contactId, one.responseId, one.responseCompletedAt)
        for one in result.elements
        if one.status == FINISHED and one.contactId and one.responseId and one.responseCompletedAt
    ]
    return found, result.nextPage


def read_export_id(body: bytes) -> str:
    """The id by which a file is asked after."""
    return decode(body, Envelope[_Begun]).result.progressId


def read_export(body: bytes) -> ExportState:
    """How far a file is."""
    result = decode(body, Envelope[_Export]).result
    return ExportState(result.fileId or "", result.status == "failed")


def read_lines(content: bytes) -> list[ExportedAnswer]:
    """The responses of a file, one on each line."""
    found = []
    for line in content.splitlines():
        if line.strip():
            one = decode(line, _Line)
            recorded = one.values.get("recordedDate")
            if not isinstance(recorded, str):
                raise Unreadable("a response without recordedDate")
            found.append(ExportedAnswer(one.responseId, _moment(recorded), one.values))
    return found


def read_survey(body: bytes) -> FoundSurvey:
    """A survey's questions with their choices, in its order."""
    result = decode(body, Envelope[_Survey]).result
    questions = (_question(name, one) for name, one in result.questions.items())
    return FoundSurvey(result.name, tuple(questions))


def _question(name: str, one: _Question) -> FoundQuestion:
    kind = one.questionType
    choices = tuple(
        FoundChoice(
            place, str(place if choice.recode in (None, "") else choice.recode), choice.choiceText or ""
        )
        for place, choice in (one.choices or {}).items()
    )
    rows = tuple((place, row.choiceText or "") for place, row in (one.subQuestions or {}).items())
    return FoundQuestion(
        name, one.questionText or "", kind.type, kind.selector or "", kind.subSelector or "", choices, rows
    )


def _moment(text: str) -> datetime:
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        raise Unreadable(f"{text!r} is no moment") from error
