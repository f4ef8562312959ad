"""Surveys in the summary namespace: list, get, switch on and off, rename, import, copy, languages."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from starlette.datastructures import UploadFile

from opulse.experience.api_v3.api.asked import Json, body_of, no_survey, survey_router
from opulse.experience.api_v3.api.edge import DeskDep, IdPath, PageDep, manages, reads, refuse
from opulse.experience.api_v3.flow import surveys as flow
from opulse.experience.api_v3.rules.definitions import payload_of, questions_of
from opulse.experience.api_v3.rules.surveys import summary, whole
from opulse.experience.surveys.flow import SurveyUnknown, list_surveys
from opulse.web.access import Caller

router = survey_router()
Reader = Annotated[Caller, Depends(reads("surveys"))]
Manager = Annotated[Caller, Depends(manages("surveys"))]
MOST_FILE = 16_000_000


@router.get("/surveys", operation_id="v3_list_surveys")
async def get_surveys(desk: DeskDep, caller: Reader, page: PageDep) -> Response:
    """Surveys, the newest first."""
    found = await list_surveys(desk.ports, caller.tenant, page.offset + page.sought)
    shown, next_page = page.cut(found)
    return desk.page([summary(one) for one in shown], next_page)


@router.post("/surveys", operation_id="v3_import_survey")
async def post_survey(request: Request, desk: DeskDep, caller: Manager) -> Response:
    """Import a file (multipart: `file`, `name`), or copy a survey (header `X-COPY-SOURCE`). The survey is a draft."""
    if source := request.headers.get("x-copy-source"):
        wanted = str((await body_of(request)).get("projectName") or "")
        made = await _found(flow.copy(desk.ports, caller.tenant, source, wanted, caller.name))
        return desk.ok({"id": made.id})
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        sentence = "Send the survey file as multipart/form-data, part file; a fileUrl is not fetched."
        raise refuse(400, sentence, "GP_0")
    form = await request.form()
    file, name = form.get("file"), form.get("name")
    if not isinstance(file, UploadFile):
        raise refuse(400, "Missing or invalid parameter: file is the survey file.", "GP_0")
    content = await file.read(MOST_FILE + 1)
    if len(content) > MOST_FILE:
        raise refuse(413, f"A survey file has at most {MOST_FILE:,} bytes.")
    called = name if isinstance(name, str) else ""
    return desk.ok({"id": (await flow.make(desk.ports, caller.tenant, content, called, caller.name)).id})


@router.get("/surveys/{survey_id}", operation_id="v3_get_survey")
async def get_survey(survey_id: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """One survey with its questions."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    columns, count = await flow.columns_and_count(desk.ports, caller.tenant, survey_id)
    steps = payload_of(opened.file, "FL")["Flow"]
    payloads = questions_of(opened.file)
    return desk.ok(
        whole(opened.record, opened.version.document, columns, payloads, steps, count, opened.brand)
    )


@router.put("/surveys/{survey_id}", operation_id="v3_update_survey")
async def put_survey(survey_id: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """`name` and `isActive`. Surveys here do not expire by date, and belong to the tenant: both are refused."""
    body = await body_of(request)
    dates = body.get("expiration") or {}
    if not isinstance(dates, dict) or any(dates.values()):
        raise refuse(
            400, "expiration is not supported: set isActive to false when the survey is over.", "GP_0"
        )
    if body.get("ownerId"):
        raise refuse(400, "ownerId cannot be changed: a survey belongs to the whole tenant.", "GP_0")
    name, active = body.get("name"), body.get("isActive")
    if name is not None and (not isinstance(name, str) or not 1 <= len(name) <= 100):
        raise refuse(400, "Missing or invalid parameter: name has 1 to 100 characters.", "GP_0")
    if active is not None and not isinstance(active, bool):
        raise refuse(400, "Missing or invalid parameter: isActive is true or false.", "GP_0")
    tenant, ports = caller.tenant, desk.ports
    await _found(flow.open_survey(ports, tenant, survey_id))
    if name is not None:
        await _found(flow.rename(ports, tenant, survey_id, name, caller.name))
    if active is not None:
        switch = flow.activate if active else flow.deactivate
        await _found(switch(ports, tenant, survey_id, caller.name))
    return desk.done()


@router.delete("/surveys/{survey_id}", operation_id="v3_delete_survey")
async def delete_survey(survey_id: IdPath, desk: DeskDep, caller: Manager) -> Response:
    """Refused: what people answered names its survey for ever. A survey is switched off instead."""
    await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    raise refuse(400, "Surveys are not deleted here: PUT isActive false switches this one off.", "GP_0")


@router.get("/surveys/{survey_id}/languages", operation_id="v3_get_languages")
async def get_languages(survey_id: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """The languages in which it may be answered, its own first."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.ok({"AvailableLanguages": list(payload_of(opened.file, "SO")["AvailableLanguages"])})


@router.get("/surveys/{survey_id}/quotas", operation_id="v3_list_quotas")
async def get_quotas(survey_id: IdPath, desk: DeskDep, caller: Reader, page: PageDep) -> Response:
    """Always empty: surveys here have no quotas."""
    await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    none: list[Json] = []
    return desk.page(*page.cut(none))


async def _found(step: Awaitable[Any]) -> Any:
    try:
        return await step
    except SurveyUnknown as error:
        raise no_survey() from error
