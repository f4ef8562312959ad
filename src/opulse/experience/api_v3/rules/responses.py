"""Responses: what an export request asks for, the single response, and the schema of a survey's responses (1.13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opulse.experience.api_v3.rules.moments import read_moment
from opulse.experience.api_v3.rules.refusing import bad
from opulse.experience.responses.rules.export.columns import Column, Kind
from opulse.experience.responses.rules.export.head import HEAD, HeadColumn
from opulse.experience.surveys.models import Answers, AnswerValue, FieldReason, SurveyDocument
from opulse.experience.surveys.rules import form_of, validate_answers

Json = dict[str, Any]
_FORMATS = ("csv", "json", "ndjson")
_NOT_WITH_JSON = (
    "includeDisplayOrder",
    "useLabels",
    "formatDecimalAsComma",
    "seenUnansweredRecode",
    "multiselectSeenUnansweredRecode",
    "timeZone",
    "newlineReplacement",
    "breakoutSets",
)
_NOT_HELD = {
    "includeLabelColumns": "send useLabels, or export twice",
    "formatDecimalAsComma": "numbers have a point",
    "seenUnansweredRecode": "unanswered cells are empty",
    "multiselectSeenUnansweredRecode": "unanswered cells are empty",
    "includeDisplayOrder": "the order in which choices were shown is not kept",
    "filterId": "there are no saved filters",
    "sortByLastModifiedDate": "rows stand in the order in which they were recorded",
    "newlineReplacement": "line breaks stand inside quotes",
    "limit": "take what you need of the file",
    "startDate": "filter the rows by RecordedDate",
    "endDate": "filter the rows by RecordedDate",
    "questionIds": "take the columns that you need",
    "embeddedDataIds": "take the columns that you need",
    "surveyMetadataIds": "take the columns that you need",
    "continuationToken": "the file holds every response",
    "allowContinuation": "the file holds every response",
    "exportResponsesInProgress": "unfinished responses are recorded when they close, and are then in the file",
}

_OF_ITSELF = frozenset(one.import_id for one in HEAD)
"""Metadata that a given response may carry: we note our own."""
_LEFT_OUT = frozenset({FieldReason.REQUIRED, FieldReason.REQUESTED})
"""A program may leave out what a person may not: ``{}`` is a response."""


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What a file is to look like: ``form`` csv, json or ndjson; ``compress``: in a zip."""

    form: str
    labels: bool
    zone: str
    compress: bool

    def as_json(self) -> Json:
        """As it is kept until the file is fetched."""
        return {"form": self.form, "labels": self.labels, "zone": self.zone, "compress": self.compress}


def read_export(body: Mapping[str, Any], now: datetime) -> ExportWish:
    """The request, read. An ``endDate`` that lies ahead leaves nothing out, and some clients always send one.

    Raises:
        Refusal: for what the product refuses, and for what our files cannot hold.
    """
    form = body.get("format")
    if form not in _FORMATS:
        raise bad(
            f"Missing or invalid parameter format: one of {', '.join(_FORMATS)}; {form!r} is not written here."
        )
    asked = [name for name, value in body.items() if value not in (None, False, [], "")]
    if form != "csv" and (wrong := [name for name in _NOT_WITH_JSON if name in asked]):
        raise bad(f"{', '.join(wrong)} cannot be used with the format {form}.")
    for name in asked:
        if name in _NOT_HELD and not (name == "endDate" and _is_ahead(body[name], now)):
            raise bad(f"The parameter {name} is not supported: {_NOT_HELD[name]}.")
    if body.get("breakoutSets") is False:
        raise bad("breakoutSets cannot be false: several choices always take a column each.")
    zone = str(body.get("timeZone") or "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise bad(f"timeZone {zone!r} is none: write a name such as Europe/Berlin.") from error
    return ExportWish(form, body.get("useLabels") is True, zone, body.get("compress") is not False)


def _is_ahead(moment: object, now: datetime) -> bool:
    try:
        return read_moment(moment) > now
    except ValueError as error:
        raise bad(f"endDate: {error}.") from error


def single(row: Mapping[str, Any]) -> Json:
    """One response of ours with the product's five keys: what was displayed is what was asked of everybody."""
    values = {**row["values"]}
    return {
        "responseId": row["responseId"],
        "values": values,
        "labels": row["labels"],
        "displayedFields": sorted(name for name in values if name.startswith("QID")),
        "displayedValues": {},
    }


def schema(
    survey: str, name: str, head: Sequence[HeadColumn], columns: Sequence[Column], address: str
) -> Json:
    """JSON Schema 2019-09 of a survey's responses."""
    values: dict[str, Json] = {}
    for one in head:
        kind = "number" if one.import_id in ("status", "progress", "duration", "finished") else "string"
        values[one.import_id] = {"description": one.text, "dataType": "metadata", "type": kind}
    for column in columns:
        values.update(_property(column))
    return {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": address,
        "title": name,
        "description": f"Survey response schema of {survey}",
        "type": "object",
        "required": ["values", "displayedFields", "displayedValues", "labels", "responseId"],
        "properties": {
            "responseId": {"type": "string"},
            "values": {"type": "object", "properties": values},
            "labels": {"type": "object"},
            "displayedFields": {"type": "array", "items": {"type": "string"}},
            "displayedValues": {"type": "object"},
        },
    }


def _property(column: Column) -> dict[str, Json]:
    question = column.key.partition("_")[0]
    told: Json = {
        "description": column.text,
        "dataType": "question",
        "exportTag": column.name.partition("_")[0] if column.kind is Kind.AMONG else column.name,
        "questionId": question,
    }
    options = [
        {"label": label, "const": _constant(column.recodes.get(key, key))}
        for key, label in column.labels.items()
    ]
    if column.kind is Kind.AMONG:
        among = [{"label": one["label"], "const": str(one["const"])} for one in options]
        return {column.key: {**told, "type": "array", "items": {"type": "string", "oneOf": among}}}
    if column.kind is Kind.ONE:
        return {column.import_id: {**told, "type": "number", "oneOf": options}}
    kind = "string" if column.kind is Kind.TEXT else "number"
    return {column.import_id: {**told, "type": kind}}


def _constant(recode: str) -> str | int:
    return int(recode) if recode.isascii() and recode.lstrip("-").isdecimal() else recode


def answers_of(values: Mapping[str, Any], document: SurveyDocument, columns: Sequence[Column]) -> Answers:
    """The values of a response that a program gives, as answers: recodes become choices again.

    Raises:
        Refusal: a key is none of the survey's, or a value is none of its choices.
    """
    by_key: dict[str, Column] = {}
    for one in columns:
        if one.kind is not Kind.GROUP:
            by_key.setdefault(one.key, one)
    answers: Answers = {}
    for key, value in values.items():
        if key in _OF_ITSELF or value is None:
            continue
        if key not in by_key:
            known = ", ".join(list(by_key)[:20])
            raise bad(f"The value {key} fits no question of the published version; its keys are {known}.")
        answers[key] = _answer(key, value, by_key[key])
    if problems := validate_answers(document, form_of(answers, document.questions))[1]:
        wrong = [one for one in problems if one.reason not in _LEFT_OUT]
        if wrong:
            raise bad(f"The value {wrong[0].key} does not fit its question: {wrong[0].reason.value}.")
    return answers


def _answer(key: str, value: Any, column: Column) -> AnswerValue:
    if column.kind is Kind.TEXT:
        return str(value)
    if column.kind is Kind.NUMBER:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | str)
            or not str(value).lstrip("-").isdecimal()
        ):
            raise bad(f"The value {key} is a number.")
        return int(value)
    choices = {recode: choice for choice, recode in column.recodes.items()}
    if column.kind is Kind.AMONG:
        if not isinstance(value, list):
            raise bad(f"The value {key} is a list of choices.")
        return [_choice(key, one, choices) for one in value]
    return _choice(key, value, choices)


def _choice(key: str, value: Any, choices: Mapping[str, str]) -> str:
    if str(value) not in choices:
        raise bad(f"The value {key} is one of {', '.join(list(choices)[:20])}; {value!r} is none.")
    return choices[str(value)]
