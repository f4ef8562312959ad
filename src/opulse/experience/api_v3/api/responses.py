"""Responses: a file in three steps, single ones, the schema, and one that a program gives."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any
from urllib.parse import quote_plus

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse

from opulse.experience.api_v3.api.asked import body_of, no_survey, survey_router
from opulse.experience.api_v3.api.edge import DeskDep, IdPath, manages, refuse
from opulse.experience.api_v3.flow import responses as flow
from opulse.experience.api_v3.rules.responses import read_export, schema, single
from opulse.experience.responses.flow.exporting import MEDIA_TYPES, Format
from opulse.experience.responses.flow.listing import all_columns
from opulse.experience.responses.rules.export import HEAD
from opulse.experience.surveys.flow import SurveyUnknown
from opulse.web.access import Caller

router = survey_router()
Reader = Annotated[Caller, Depends(manages("survey_responses"))]
Exporter = Annotated[Caller, Depends(manages("survey_responses", per_minute=100))]
Watcher = Annotated[Caller, Depends(manages("survey_responses", per_minute=1_000))]
Giver = Annotated[Caller, Depends(manages("survey_responses", per_minute=120))]


@router.post("/surveys/{survey_id}/export-responses", operation_id="v3_start_export")
async def post_export(survey_id: IdPath, request: Request, desk: DeskDep, caller: Exporter) -> Response:
    """Ask for a file of all recorded responses: csv, json or ndjson."""
    wish = read_export(await body_of(request), desk.ports.clock.now())
    made = await _found(flow.start_export(desk.ports, caller.tenant, survey_id, wish, caller.name))
    return desk.ok({"progressId": made.id, "percentComplete": 0.0, "status": "inProgress"})


@router.get("/surveys/{survey_id}/export-responses/{export_id}", operation_id="v3_get_export")
async def get_export(survey_id: IdPath, export_id: IdPath, desk: DeskDep, caller: Watcher) -> Response:
    """Complete at once: the file is written while it is fetched."""
    found = await flow.find_export(desk.ports, caller.tenant, survey_id, progress=export_id)
    return desk.ok({"fileId": found.file, "percentComplete": 100.0, "status": "complete"})


@router.get("/surveys/{survey_id}/export-responses/{export_file}/file", operation_id="v3_get_export_file")
async def get_file(survey_id: IdPath, export_file: IdPath, desk: DeskDep, caller: Exporter) -> Response:
    """The file, in a zip under the survey's name unless `compress` was false."""
    asked = await flow.find_export(desk.ports, caller.tenant, survey_id, file=export_file)
    export = await _found(flow.open_file(desk.ports, asked, caller.name))
    compress = bool(asked.wanted["compress"])
    kind = "application/zip" if compress else MEDIA_TYPES[Format(export.form)]
    ending = "zip" if compress else export.form.value
    named = {"Content-Disposition": f"attachment; filename={quote_plus(export.name)}.{ending}"}
    pieces = flow.write_file(desk.ports, export, compress=compress)
    return StreamingResponse(pieces, media_type=kind, headers=named)


@router.get("/surveys/{survey_id}/response-schema", operation_id="v3_get_response_schema")
async def get_schema(survey_id: IdPath, request: Request, desk: DeskDep, caller: Reader) -> Response:
    """JSON Schema of a response of this survey."""
    name = await _found(flow.survey_name(desk.ports, caller.tenant, survey_id))
    columns = await all_columns(desk.ports, caller.tenant, survey_id)
    address = str(request.url.replace(query=""))
    return desk.ok(schema(survey_id, name, HEAD, columns, address))


@router.post("/surveys/{survey_id}/responses", operation_id="v3_create_response")
async def post_response(survey_id: IdPath, request: Request, desk: DeskDep, caller: Giver) -> Response:
    """Record a response: `values` in the keys of a single response. Nobody was invited, so it is nobody's."""
    values = (await body_of(request)).get("values")
    if not isinstance(values, dict):
        raise refuse(400, "Missing or invalid parameter: values is an object, and may be empty.", "GP_0")
    given = await _found(flow.give(desk.ports, caller.tenant, survey_id, values, caller.name))
    return desk.ok({"responseId": given})


@router.get("/surveys/{survey_id}/responses/{response_id}", operation_id="v3_get_response")
async def get_response(survey_id: IdPath, response_id: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """One response, in numbers and in words."""
    try:
        found = await _found(flow.get_single(desk.ports, caller.tenant, survey_id, response_id))
    except LookupError as error:
        raise refuse(404, f"{response_id} not found", "ESSG_2") from error
    return desk.ok(single(found))


async def _found(step: Awaitable[Any]) -> Any:
    try:
        return await step
    except SurveyUnknown as error:
        raise no_survey() from error
