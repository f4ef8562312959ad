"""The survey that the stand-in begins with: a pulse of four questions, or one from a survey file."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from opulse.emulators.qualtrics.fieldwork.models import Question, Survey

EMBEDDED: Final = ("lastAlarm", "lastAlarmAt", "lastAlarmActivationId")
_IMPACT: Final = (
    "Not affected",
    "Slowed down",
    "Cannot do part of my work",
    "Cannot work at all",
    "I had not noticed",
)
_LOST: Final = (
    "None",
    "Under 5 minutes",
    "5 to 15 minutes",
    "15 to 30 minutes",
    "30 to 60 minutes",
    "1 to 2 hours",
    "More",
)


def pulse_survey(survey_id: str, now: datetime) -> Survey:
    """Impact, lost time, a way to keep working, and words."""
    questions = (
        _choice("QID1", "Q1", "Right now, how does this problem affect your work?", _IMPACT),
        _choice("QID2", "Q2", "About how much working time have you lost so far?", _LOST),
        _choice("QID3", "Q3", "Do you have a way to keep working?", ("Yes", "Partly", "No")),
        Question("QID4", "Q4", "What else should IT know?", "TE", "ML"),
    )
    return Survey(survey_id, "Operational Pulse", now, questions, EMBEDDED)


def survey_of_file(raw: bytes, survey_id: str, now: datetime) -> Survey:
    """The survey of a QSF: single choices and texts; other kinds of questions are asked of nobody.

    Raises:
        ValueError: it is no survey file, or has no such question.
    """
    try:
        read = msgspec.json.decode(raw)
        name = str(read["SurveyEntry"]["SurveyName"])
        elements = [one for one in read["SurveyElements"] if isinstance(one, dict)]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise ValueError("this is no survey file (QSF)") from error
    payloads = [
        one["Payload"]
        for one in elements
        if one.get("Element") == "SQ" and isinstance(one.get("Payload"), dict)
    ]
    questions = tuple(made for payload in payloads if (made := _question(payload)) is not None)
    if not questions:
        raise ValueError("the survey file has no single choice and no text entry to answer")
    named = tuple(dict.fromkeys([*EMBEDDED, *_embedded(elements)]))
    return Survey(survey_id, name, now, questions, named)


def _choice(question_id: str, tag: str, text: str, choices: tuple[str, ...]) -> Question:
    numbered = tuple((str(number), words) for number, words in enumerate(choices, start=1))
    return Question(question_id, tag, text, "MC", "SAVR", numbered)


def _question(payload: dict[str, Any]) -> Question | None:
    kind, selector = str(payload.get("QuestionType")), str(payload.get("Selector"))
    own = str(payload.get("QuestionID")), str(payload.get("DataExportTag")), str(payload.get("QuestionText"))
    if kind == "TE" and selector in ("SL", "ML", "ESTB"):
        return Question(*own, kind, selector)
    choices = payload.get("Choices")
    if kind != "MC" or selector not in ("SAVR", "SAHR", "SACOL", "DL", "SB") or not isinstance(choices, dict):
        return None
    recodes = payload.get("RecodeValues") or {}
    read = tuple((str(recodes.get(one, one)), str(choice.get("Display"))) for one, choice in choices.items())
    return Question(*own, kind, selector, read)


def _embedded(elements: list[dict[str, Any]]) -> list[str]:
    """Names that the survey's flow declares at its top."""
    flows = [
        one["Payload"].get("Flow", [])
        for one in elements
        if one.get("Element") == "FL" and isinstance(one.get("Payload"), dict)
    ]
    steps = [step for flow in flows for step in flow if step.get("Type") == "EmbeddedData"]
    return [str(one["Field"]) for step in steps for one in step.get("EmbeddedData", []) if one.get("Field")]
