"""Surveys and their responses over HTTP: list, get, create a response, the export in three steps."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from opulse.clock import Clock
from opulse.emulators.qualtrics.checks import checked_object, checked_time
from opulse.emulators.qualtrics.directory_routes import body_of
from opulse.emulators.qualtrics.envelope import iso, page_by_offset, success
from opulse.emulators.qualtrics.fieldwork import Field, Question, Survey
from opulse.emulators.qualtrics.fieldwork.models import Export
from opulse.emulators.qualtrics.fieldwork.models import Response as Recorded
from opulse.emulators.qualtrics.fieldwork.telling import as_json, chosen, file_of, zipped
from opulse.emulators.qualtrics.models import Refused

_API: Final = "/API/v3"
_FORMATS: Final = ("csv", "tsv", "json", "ndjson")
_ASKED: Final = frozenset(
    {
        "format",
        "compress",
        "startDate",
        "endDate",
        "limit",
        "allowContinuation",
        "continuationToken",
        "useLabels",
        "timeZone",
        "breakoutSets",
        "questionIds",
        "embeddedDataIds",
        "surveyMetadataIds",
    }
)
_ONLY_TABLES: Final = frozenset({"useLabels", "timeZone", "breakoutSets"})
_LOOKS: Final = 2
"""How often an export is told as in progress before its file is there."""


class SurveyRoutes:
    """The routes over one brand's fieldwork."""

    def __init__(self, field: Field, clock: Clock, url: str) -> None:
        self._field = field
        self._clock = clock
        self._url = url

    def routes(self) -> list[Route]:
        one = f"{_API}/surveys/{{survey}}"
        return [
            Route(f"{_API}/surveys", self.list_surveys),
            Route(one, self.get_survey),
            Route(f"{one}/responses", self.create_response, methods=["POST"]),
            Route(f"{one}/responses/{{response}}", self.get_response),
            Route(f"{one}/export-responses", self.begin_export, methods=["POST"]),
            Route(f"{one}/export-responses/{{export}}", self.get_export),
            Route(f"{one}/export-responses/{{file}}/file", self.get_file),
        ]

    async def list_surveys(self, request: Request) -> Response:
        found, follow = page_by_offset(request, self._url, list(self._field.surveys.values()))
        return success({"elements": [self._row(one) for one in found], "nextPage": follow})

    async def get_survey(self, request: Request) -> Response:
        survey = self._survey(request)
        row = self._row(survey)
        columns = {one.tag: {"question": one.id} for one in survey.questions}
        asked = [{"type": "Question", "questionId": one.id} for one in survey.questions]
        answered = len(self._field.responses[survey.id])
        result = {
            "id": row["id"],
            "name": row["name"],
            "ownerId": row["ownerId"],
            "organizationId": "emulated",
            "isActive": row["isActive"],
            "creationDate": row["creationDate"],
            "lastModifiedDate": row["lastModified"],
            "expiration": {"startDate": None, "endDate": None},
            "questions": {one.id: _question(one) for one in survey.questions},
            "exportColumnMap": columns,
            "blocks": {"BL_1": {"description": "Default Question Block", "elements": asked}},
            "flow": [{"type": "Block", "id": "BL_1"}],
            "embeddedData": [{"name": name} for name in survey.embedded],
            "comments": {},
            "loopAndMerge": {},
            "responseCounts": {"auditable": answered, "generated": 0, "deleted": 0},
        }
        return success(result)

    async def create_response(self, request: Request) -> Response:
        """One more response, whoever sends it; a repeat is a second one."""
        survey = self._survey(request)
        body = checked_object(await body_of(request), frozenset({"values"}), frozenset({"values"}))
        if not isinstance(body["values"], dict):
            raise Refused(400, "values must be an object.", "BR_3")
        return success({"responseId": self._field.record(survey, body["values"], self._clock.now()).id})

    async def get_response(self, request: Request) -> Response:
        self._field.advance()
        survey, wanted = self._survey(request), request.path_params["response"]
        found = self._field.by_id.get(wanted)
        if found is None or found.survey != survey.id:
            raise Refused(404, f"{wanted} not found", "ESSG_2")
        return success(as_json(found))

    async def begin_export(self, request: Request) -> Response:
        """What is recorded by now; with a token what came after the export that gave it."""
        self._field.advance()
        survey = self._survey(request)
        body = checked_object(await body_of(request), _ASKED, frozenset({"format"}))
        kind = body["format"]
        if kind not in _FORMATS:
            raise Refused(400, f"Invalid format {kind!r}; this stand-in has {', '.join(_FORMATS)}.", "RP_1")
        if kind in ("json", "ndjson") and (wrong := _ONLY_TABLES & set(body)):
            raise Refused(400, f"Not allowed with {kind}: {', '.join(sorted(wrong))}.", "RP_2")
        if body.get("useLabels"):
            raise Refused(400, "This stand-in has no labels in tables; leave useLabels out.", "RP_3")
        every = self._field.responses[survey.id]
        rows = every[_start(body.get("continuationToken"), survey.id, len(every)) :]
        rows = _within(rows, checked_time(body, "startDate"), checked_time(body, "endDate"))
        limit = body.get("limit")
        rows = rows[:limit] if isinstance(limit, int) and limit > 0 else rows
        rows = chosen(survey, rows, body)
        wants_more = body.get("allowContinuation") or body.get("continuationToken")
        made = Export(
            self._field.make_id("ES_"),
            survey.id,
            f"{self._field.make_id('')}-def",
            kind,
            body.get("compress", True) is not False,
            rows,
            base64.b64encode(f"{survey.id}:{len(every)}".encode()).decode() if wants_more else "",
        )
        self._field.exports[made.id] = self._field.exports[made.file_id] = made
        return success({"progressId": made.id, "percentComplete": 0.0, "status": "inProgress"})

    async def get_export(self, request: Request) -> Response:
        """How far it is; the file's id and the token to go on with come at its end."""
        found = self._export(request, "export")
        found.looks += 1
        if found.looks < _LOOKS:
            return success({"percentComplete": 50.0, "status": "inProgress"})
        result = {"fileId": found.file_id, "percentComplete": 100.0, "status": "complete"}
        return success(result | ({"continuationToken": found.token} if found.token else {}))

    async def get_file(self, request: Request) -> Response:
        """The zip, or the bare file where it was not to be compressed."""
        found = self._export(request, "file")
        survey = self._field.surveys[found.survey]
        content = file_of(survey, found.rows, found.format)
        name = f"{survey.name}.{found.format}"
        if found.is_zipped:
            content, name = zipped(name, content), f"{survey.name}.zip"
        disposition = f"attachment; filename={quote_plus(name)}"
        kind = "application/zip" if found.is_zipped else "application/octet-stream"
        return Response(content, headers={"content-type": kind, "content-disposition": disposition})

    def _survey(self, request: Request) -> Survey:
        return self._field.survey_of(request.path_params["survey"])

    def _export(self, request: Request, by: str) -> Export:
        survey, wanted = self._survey(request), request.path_params[by]
        found = self._field.exports.get(wanted)
        if found is None or found.survey != survey.id or wanted not in (found.id, found.file_id):
            raise Refused(404, f"{wanted} not found", "ESSG_2")
        if (wanted == found.id) != (by == "export") or (by == "file" and found.looks < _LOOKS):
            raise Refused(404, f"{wanted} not found", "ESSG_2")
        return found

    def _row(self, one: Survey) -> dict[str, Any]:
        return {
            "id": one.id,
            "name": one.name,
            "ownerId": self._field.brand.user,
            "lastModified": iso(one.made_at),
            "creationDate": iso(one.made_at),
            "isActive": one.is_active,
        }


def _question(one: Question) -> dict[str, Any]:
    choices = {
        str(place): {
            "recode": recode,
            "description": text,
            "choiceText": text,
            "imageDescription": None,
            "variableName": None,
            "analyze": True,
        }
        for place, (recode, text) in enumerate(one.choices, start=1)
    }
    told = {
        "questionType": {
            "type": one.kind,
            "selector": one.selector,
            "subSelector": "TX" if choices else None,
        },
        "questionText": one.text,
        "questionLabel": None,
        "validation": {"doesForceResponse": False},
        "questionName": one.tag,
    }
    return told | ({"choices": choices} if choices else {})


def _start(token: Any, survey_id: str, most: int) -> int:
    """How many responses an export passes over."""
    if token is None:
        return 0
    try:
        of_survey, _, count = base64.b64decode(str(token), validate=True).decode().partition(":")
        start = int(count)
    except (binascii.Error, ValueError):
        of_survey, start = "", -1
    if of_survey != survey_id or not 0 <= start <= most:
        raise Refused(400, "Invalid continuationToken.", "RP_4")
    return start


def _within(rows: list[Recorded], start: datetime | None, end: datetime | None) -> list[Recorded]:
    return [
        one for one in rows if (not start or one.recorded_at >= start) and (not end or one.recorded_at < end)
    ]
