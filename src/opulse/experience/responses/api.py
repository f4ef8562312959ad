"""JSON routes of a survey's responses: a page, one, a file, and how they are kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from opulse.experience.responses.flow.exporting import MEDIA_TYPES, Format, open_export, write_export
from opulse.experience.responses.flow.listing import (
    FilterForbidden,
    TooFew,
    all_columns,
    get_answer,
    list_page,
)
from opulse.experience.responses.flow.policies import MOST_DAYS, PromiseBroken, get_policy, set_policy
from opulse.experience.responses.models import AnswerFilter, Identity, ResponsePolicy, ResponseState
from opulse.experience.responses.rules.export.lines import Sheet, json_object
from opulse.experience.responses.rules.showing import Hidden
from opulse.experience.responses.rules.wanted import FilterWrong, read_filter
from opulse.experience.surveys.flow import SurveyUnknown
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/surveys/{survey_id}", tags=["responses"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]


def answer_filter(
    state: Annotated[str, Query(max_length=20)] = ResponseState.RECORDED.value,
    activation: Annotated[str, Query(max_length=36)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    answer: Annotated[str, Query(max_length=300)] = "",
    match: Annotated[str, Query(pattern="^(all|any)$")] = "all",
) -> AnswerFilter:
    """See :func:`read_filter`; a wrong one is a 400 that says what to write."""
    try:
        return read_filter(state, activation, since, until, answer, match)
    except FilterWrong as error:
        raise Problem(400, "The filter is wrong", str(error)) from error


Wanted = Annotated[AnswerFilter, Depends(answer_filter)]


class AnswerList(BaseModel):
    """A page of responses. ``hidden`` says why rows, or the words in them, are left out; ``next``: pass it as ``below``."""

    found: int
    hidden: Hidden | None
    by_state: dict[ResponseState, int]
    by_sign: dict[str, int]
    responses: list[dict[str, Any]]
    next: str


class PolicyView(BaseModel):
    """How the responses are kept."""

    model_config = ConfigDict(extra="forbid")

    identity: Identity
    partial_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 7


@router.get("/responses", operation_id="list_responses")
async def list_responses(
    survey_id: str,
    ports: PortsDep,
    caller: Editor,
    wanted: Wanted,
    below: Annotated[str, Query(max_length=20)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AnswerList:
    """Responses in the product's keys (`values`, `labels`); within what the survey promises to the people it asks."""
    try:
        page = await list_page(ports, caller.tenant, survey_id, wanted, below=below, limit=limit)
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    except FilterForbidden as error:
        raise Problem(409, "Not for this survey", str(error)) from error
    sheet = Sheet(page.policy.identity, page.columns, labels=False, texts=page.shown.texts)
    return AnswerList(
        found=page.found,
        hidden=page.shown.why,
        by_state=dict(page.by_state),
        by_sign=dict(page.by_sign),
        responses=[json_object(sheet, row) for row in page.rows],
        next=page.next,
    )


@router.get("/responses/export", operation_id="export_responses", response_class=Response)
async def export_responses(
    survey_id: str,
    ports: PortsDep,
    caller: Editor,
    wanted: Wanted,
    format: Format = Format.CSV,
    labels: bool = False,
) -> Response:
    """All that the filter finds as CSV (three header rows), JSON, NDJSON or XLSX."""
    try:
        export = await open_export(
            ports,
            caller.tenant,
            survey_id,
            wanted,
            format,
            caller.name,
            labels=labels,
            language=caller.locale,
        )
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    except FilterForbidden as error:
        raise Problem(409, "Not for this survey", str(error)) from error
    except TooFew as error:
        raise Problem(409, "Too few answers", str(error)) from error
    headers = {"Content-Disposition": f'attachment; filename="{export.file_name}"'}
    return StreamingResponse(write_export(ports, export), media_type=MEDIA_TYPES[format], headers=headers)


@router.get("/responses/{response_id}", operation_id="get_response")
async def get_response(survey_id: str, response_id: str, ports: PortsDep, caller: Editor) -> dict[str, Any]:
    """One response: `responseId`, `values`, `labels`."""
    try:
        row, identity, shown = await get_answer(ports, caller.tenant, survey_id, response_id)
        columns = await all_columns(ports, caller.tenant, survey_id)
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    except TooFew as error:
        raise Problem(409, "Too few answers", str(error)) from error
    except LookupError as error:
        raise NotFound("response") from error
    return json_object(Sheet(identity, columns, labels=False, texts=shown.texts), row)


@router.get("/responses-policy", operation_id="get_responses_policy")
async def get_responses_policy(survey_id: str, ports: PortsDep, caller: Editor) -> PolicyView:
    """How the responses are kept."""
    try:
        policy = await get_policy(ports, caller.tenant, survey_id)
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    return PolicyView(identity=policy.identity, partial_days=policy.partial_days)


@router.put("/responses-policy", operation_id="set_responses_policy")
async def put_responses_policy(
    survey_id: str, given: PolicyView, ports: PortsDep, caller: Editor
) -> PolicyView:
    """Set it. Once the survey was published its answers may only become more confidential: 409."""
    try:
        await set_policy(
            ports, caller.tenant, ResponsePolicy(survey_id, given.identity, given.partial_days), caller.name
        )
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    except PromiseBroken as error:
        raise Problem(409, "People were promised more", str(error)) from error
    return given
