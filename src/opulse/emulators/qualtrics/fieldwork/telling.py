"""A response as the product tells it, and files of many: csv, tsv, json and ndjson. Pure."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from opulse.emulators.qualtrics.fieldwork.models import Response, Survey

_COLUMNS: Final = (
    ("StartDate", "Start Date", "startDate"),
    ("EndDate", "End Date", "endDate"),
    ("Status", "Response Type", "status"),
    ("IPAddress", "IP Address", "ipAddress"),
    ("Progress", "Progress", "progress"),
    ("Duration (in seconds)", "Duration (in seconds)", "duration"),
    ("Finished", "Finished", "finished"),
    ("RecordedDate", "Recorded Date", "recordedDate"),
    ("ResponseId", "Response ID", "_recordId"),
    ("RecipientLastName", "Recipient Last Name", "recipientLastName"),
    ("RecipientFirstName", "Recipient First Name", "recipientFirstName"),
    ("RecipientEmail", "Recipient Email", "recipientEmail"),
    ("ExternalReference", "External Data Reference", "externalDataReference"),
    ("LocationLatitude", "Location Latitude", "locationLatitude"),
    ("LocationLongitude", "Location Longitude", "locationLongitude"),
    ("DistributionChannel", "Distribution Channel", "distributionChannel"),
    ("UserLanguage", "User Language", "userLanguage"),
)
_METADATA: Final = {key for _, _, key in _COLUMNS}
_READING: Final = timedelta(seconds=40)
_DATES: Final = frozenset({"startDate", "endDate", "recordedDate"})


def response_of(response_id: str, survey: Survey, given: Mapping[str, Any], at: datetime) -> Response:
    """A finished response with these values; what is not given takes what the product puts there."""
    values: dict[str, Any] = {
        "startDate": _iso(at - _READING),
        "endDate": _iso(at),
        "status": 0,
        "ipAddress": "192.0.2.1",
        "progress": 100,
        "duration": int(_READING.total_seconds()),
        "finished": 1,
        "recordedDate": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "locationLatitude": "",
        "locationLongitude": "",
        "distributionChannel": "anonymous",
        "userLanguage": "EN",
    } | dict(given)
    labels = {"status": "IP Address", "finished": "True"} | {
        question.id: text
        for question in survey.questions
        for recode, text in question.choices
        if str(values.get(question.id)) == recode
    }
    return Response(response_id, survey.id, at, values, labels)


def chosen(survey: Survey, rows: Sequence[Response], asked: Mapping[str, Any]) -> list[Response]:
    """The same with the values alone that are asked for; a list of names that is left out asks for all."""
    question_of = {one.key: one.id for one in survey.questions}

    def among(names: str, wanted: str) -> bool:
        return asked.get(names) is None or wanted in asked[names]

    def keeps(key: str) -> bool:
        if key in _METADATA:
            return among("surveyMetadataIds", key)
        if key in question_of:
            return among("questionIds", question_of[key])
        return among("embeddedDataIds", key)

    return [
        replace(one, values={key: value for key, value in one.values.items() if keeps(key)}) for one in rows
    ]


def as_json(one: Response) -> dict[str, Any]:
    """A single response."""
    return {
        "responseId": one.id,
        "values": dict(one.values),
        "labels": dict(one.labels),
        "displayedFields": sorted(one.labels),
        "displayedValues": {},
    }


def file_of(survey: Survey, rows: Sequence[Response], kind: str) -> bytes:
    """The bare file of an export."""
    makers: Mapping[str, Callable[[], bytes]] = {
        "json": lambda: msgspec.json.encode({"responses": [as_json(one) for one in rows]}),
        "ndjson": lambda: b"".join(msgspec.json.encode(as_json(one)) + b"\n" for one in rows),
        "csv": lambda: _table(survey, rows, ","),
        "tsv": lambda: _table(survey, rows, "\t"),
    }
    return makers[kind]()


def zipped(name: str, content: bytes) -> bytes:
    """A zip with one file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return held.getvalue()


def _table(survey: Survey, rows: Sequence[Response], delimiter: str) -> bytes:
    """Three header rows (names, words, import ids), then one row per response."""
    columns = [*_COLUMNS]
    columns += [(question.tag, question.text, question.key) for question in survey.questions]
    columns += [(name, name, name) for name in survey.embedded]
    written = io.StringIO(newline="")
    out = csv.writer(written, delimiter=delimiter, lineterminator="\r\n")
    out.writerow([name for name, _, _ in columns])
    out.writerow([words for _, words, _ in columns])
    zoned = {"timeZone": "Z"}
    out.writerow([json.dumps({"ImportId": key} | (zoned if key in _DATES else {})) for _, _, key in columns])
    out.writerows([[_cell(one, key) for _, _, key in columns] for one in rows])
    return written.getvalue().encode()


def _cell(one: Response, key: str) -> str:
    if key == "_recordId":
        return one.id
    value = str(one.values.get(key, ""))
    return value[:19].replace("T", " ") if key in _DATES else value


def _iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
