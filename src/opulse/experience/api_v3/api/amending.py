"""Responses changed and deleted: one, or many at once with a look at what became of it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any, TypedDict

from fastapi import Depends, Request, Response

from opulse.experience.api_v3.api.asked import body_of, no_survey, survey_router
from opulse.experience.api_v3.api.edge import DeskDep, IdPath, manages
from opulse.experience.api_v3.flow import amending as flow
from opulse.experience.surveys.flow import SurveyUnknown
from opulse.web.access import Caller

router = survey_router()
Changer = Annotated[Caller, Depends(manages("survey_responses"))]
Deleter = Annotated[Caller, Depends(manages("survey_responses", per_minute=60))]
ManyChanger = Annotated[Caller, Depends(manages("survey_responses", per_minute=10))]
Watcher = Annotated[Caller, Depends(manages("survey_responses", per_minute=1_000))]


class Progress(TypedDict):
    """``missing``: ids that the survey does not have; where they were not to be ignored nothing was changed."""

    progressId: str
    percentComplete: float
    status: str
    changed: int
    missing: list[str]


@router.put("/responses/{response_id}", operation_id="v3_update_response")
async def put_response(response_id: IdPath, request: Request, desk: DeskDep, caller: Changer) -> Response:
    """Set `embeddedData` of a response of `surveyId`; answers are not changed."""
    body = await body_of(request)
    await _found(flow.amend_one(desk.ports, caller.tenant, response_id, body, caller.name))
    return desk.done()


@router.delete("/surveys/{survey_id}/responses/{response_id}", operation_id="v3_delete_response")
async def delete_response(survey_id: IdPath, response_id: IdPath, desk: DeskDep, caller: Deleter) -> Response:
    """Throw its answers away. 403 where a survey that promises confidence would show whose it was."""
    await _found(flow.delete_one(desk.ports, caller.tenant, survey_id, response_id, caller.name))
    return desk.done()


@router.post("/surveys/{survey_id}/update-responses", operation_id="v3_update_responses")
async def post_updates(survey_id: IdPath, request: Request, desk: DeskDep, caller: ManyChanger) -> Response:
    """Set embedded data of up to 10,000 responses."""
    body = await body_of(request)
    return _begun(
        desk, await _found(flow.amend_many(desk.ports, caller.tenant, survey_id, body, caller.name))
    )


@router.get("/surveys/{survey_id}/update-responses/{change}", operation_id="v3_get_update_responses")
async def get_updates(survey_id: IdPath, change: IdPath, desk: DeskDep, caller: Watcher) -> Response:
    """What became of it."""
    return await _told(desk, caller, survey_id, flow.UPDATE, change)


@router.post("/surveys/{survey_id}/delete-responses", operation_id="v3_delete_responses")
async def post_deletes(survey_id: IdPath, request: Request, desk: DeskDep, caller: ManyChanger) -> Response:
    """Delete up to 10,000 responses."""
    body = await body_of(request)
    return _begun(
        desk, await _found(flow.delete_many(desk.ports, caller.tenant, survey_id, body, caller.name))
    )


@router.get("/surveys/{survey_id}/delete-responses/{change}", operation_id="v3_get_delete_responses")
async def get_deletes(survey_id: IdPath, change: IdPath, desk: DeskDep, caller: Watcher) -> Response:
    """What became of it."""
    return await _told(desk, caller, survey_id, flow.DELETE, change)


def _begun(desk: DeskDep, progress: str) -> Response:
    return desk.ok({"progressId": progress, "percentComplete": 0.0, "status": "inProgress"})


async def _told(desk: DeskDep, caller: Caller, survey: str, kind: str, change: str) -> Response:
    found = await flow.find_change(desk.ports, caller.tenant, survey, kind, change)
    told: Progress = {
        "progressId": found.id,
        "percentComplete": 100.0,
        "status": "failed" if found.failed else "complete",
        "changed": found.changed,
        "missing": list(found.missing),
    }
    return desk.ok(told)


async def _found(step: Awaitable[Any]) -> Any:
    try:
        return await step
    except SurveyUnknown as error:
        raise no_survey() from error
