"""Surveys in the editing namespace: the definition and its parts, read and changed; versions, and publishing one."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from opulse.experience.api_v3.api.asked import Json, body_of, no_definition, survey_router
from opulse.experience.api_v3.api.edge import DeskDep, IdPath, PageDep, manages, reads, refuse
from opulse.experience.api_v3.flow import surveys as flow
from opulse.experience.api_v3.rules.definitions import (
    blank,
    blocks_of,
    definition,
    metadata,
    new_question_id,
    payload_of,
    questions_of,
    version_metadata,
    with_part,
    with_question,
    without_question,
)
from opulse.experience.surveys.flow import SurveyUnknown, list_versions
from opulse.web.access import Caller
from opulse.web.errors import Problem

router = survey_router()
Reader = Annotated[Caller, Depends(reads("surveys"))]
Manager = Annotated[Caller, Depends(manages("surveys"))]
Form = Annotated[str, Query(alias="format", pattern="^(qsf)?$")]


@router.post("/survey-definitions", operation_id="v3_create_definition")
async def post_definition(request: Request, desk: DeskDep, caller: Manager) -> Response:
    """A new survey: an empty one of a name and language, or a whole survey file as JSON."""
    body = await body_of(request)
    if "SurveyEntry" in body:
        made = await flow.make(desk.ports, caller.tenant, json.dumps(body).encode(), "", caller.name)
    else:
        for needed in ("SurveyName", "Language", "ProjectCategory"):
            if not isinstance(body.get(needed), str) or not body[needed]:
                raise refuse(400, f"Missing or invalid parameter: {needed}.", "GP_0")
        file = blank(body["SurveyName"], body["Language"])
        content = json.dumps(file).encode()
        made = await flow.make(desk.ports, caller.tenant, content, body["SurveyName"], caller.name)
    opened = await flow.open_survey(desk.ports, caller.tenant, made.id)
    return desk.ok({"SurveyID": made.id, "DefaultBlockID": next(iter(blocks_of(opened.file)))})


@router.get("/survey-definitions/{survey_id}", operation_id="v3_get_definition")
async def get_definition(survey_id: IdPath, desk: DeskDep, caller: Reader, form: Form = "") -> Response:
    """The newest version; with `format=qsf` as a survey file."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.ok(_shown(opened, desk.ports.public_url, form))


@router.delete("/survey-definitions/{survey_id}", operation_id="v3_delete_definition")
async def delete_definition(survey_id: IdPath, desk: DeskDep, caller: Manager) -> Response:
    """Refused, as deleting a survey is."""
    await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    raise refuse(400, "Surveys are not deleted here: PUT metadata with SurveyStatus Inactive.", "GP_0")


@router.get("/survey-definitions/{survey_id}/metadata", operation_id="v3_get_metadata")
async def get_metadata(survey_id: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """Name, owner, state and times."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.ok(metadata(opened.file))


@router.put("/survey-definitions/{survey_id}/metadata", operation_id="v3_update_metadata")
async def put_metadata(survey_id: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """`SurveyName` and `SurveyStatus` (Active or Inactive); dates and descriptions are not held here."""
    body = await body_of(request)
    for date in ("SurveyDescription", "SurveyStartDate", "SurveyExpirationDate"):
        if body.get(date) not in (None, "", "0000-00-00 00:00:00"):
            raise refuse(400, f"{date} is not supported here: surveys have a name and a status.", "GP_0")
    name, status = body.get("SurveyName"), body.get("SurveyStatus")
    if name is not None and (not isinstance(name, str) or not 1 <= len(name) <= 100):
        raise refuse(400, "Missing or invalid parameter: SurveyName has 1 to 100 characters.", "GP_0")
    if status not in (None, "Active", "Inactive"):
        raise refuse(400, "Missing or invalid parameter: SurveyStatus is Active or Inactive.", "GP_0")
    tenant, ports = caller.tenant, desk.ports
    await _found(flow.open_survey(ports, tenant, survey_id))
    if name is not None:
        await _found(flow.rename(ports, tenant, survey_id, name, caller.name))
    if status is not None:
        switch = flow.activate if status == "Active" else flow.deactivate
        await _found(switch(ports, tenant, survey_id, caller.name))
    return desk.done()


@router.get("/survey-definitions/{survey_id}/questions", operation_id="v3_list_questions")
async def list_questions(survey_id: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """Every question that is not deleted; always one page."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.page(list(questions_of(opened.file).values()), None)


@router.post("/survey-definitions/{survey_id}/questions", operation_id="v3_create_question")
async def post_question(
    survey_id: IdPath,
    request: Request,
    desk: DeskDep,
    caller: Manager,
    block: Annotated[str, Query(alias="blockId", max_length=64)] = "",
) -> Response:
    """A further question, the last one of `blockId` (of the first block without it). It is live once it is published."""
    body = await body_of(request)
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    made = new_question_id(opened.file)
    payload = {**body, "QuestionID": made, "DataExportTag": body.get("DataExportTag") or made}

    def edit(file: Json) -> Json:
        return with_question(file, payload, block)

    try:
        await _found(flow.change(desk.ports, caller.tenant, survey_id, edit, caller.name, made))
    except LookupError as error:
        raise _unknown("block", block) from error
    return desk.ok({"QuestionID": made})


@router.get("/survey-definitions/{survey_id}/questions/{question}", operation_id="v3_get_question")
async def get_question(survey_id: IdPath, question: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """One question as a survey file has it."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.ok(_part(questions_of(opened.file), "question", question))


@router.put("/survey-definitions/{survey_id}/questions/{question}", operation_id="v3_update_question")
async def put_question(
    survey_id: IdPath, question: IdPath, request: Request, desk: DeskDep, caller: Manager
) -> Response:
    """Another payload for the question; a kind of question that cannot be asked here is refused."""
    payload = {**await body_of(request), "QuestionID": question}
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    _part(questions_of(opened.file), "question", question)

    def edit(file: Json) -> Json:
        return with_question(file, payload)

    await _found(flow.change(desk.ports, caller.tenant, survey_id, edit, caller.name, question))
    return desk.done()


@router.delete("/survey-definitions/{survey_id}/questions/{question}", operation_id="v3_delete_question")
async def delete_question(survey_id: IdPath, question: IdPath, desk: DeskDep, caller: Manager) -> Response:
    """Take the question out of the draft."""

    def edit(file: Json) -> Json:
        return without_question(file, question)

    try:
        await _found(flow.change(desk.ports, caller.tenant, survey_id, edit, caller.name))
    except LookupError as error:
        raise _unknown("question", question) from error
    return desk.done()


@router.get("/survey-definitions/{survey_id}/blocks/{block}", operation_id="v3_get_block")
async def get_block(survey_id: IdPath, block: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """One block as a survey file has it."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.ok(_part(blocks_of(opened.file), "block", block))


@router.get("/survey-definitions/{survey_id}/flow", operation_id="v3_get_flow")
async def get_flow(survey_id: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """The flow, from its root."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.ok(payload_of(opened.file, "FL"))


@router.put("/survey-definitions/{survey_id}/flow", operation_id="v3_update_flow")
async def put_flow(survey_id: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """Another flow for the draft."""
    return await _put_part(survey_id, "FL", await body_of(request), desk, caller)


@router.get("/survey-definitions/{survey_id}/options", operation_id="v3_get_options")
async def get_options(survey_id: IdPath, desk: DeskDep, caller: Reader) -> Response:
    """Buttons, progress bar, languages and the other options."""
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id))
    return desk.ok(payload_of(opened.file, "SO"))


@router.put("/survey-definitions/{survey_id}/options", operation_id="v3_update_options")
async def put_options(survey_id: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """Other options for the draft; those that nothing here does are read over."""
    return await _put_part(survey_id, "SO", await body_of(request), desk, caller)


@router.get("/survey-definitions/{survey_id}/versions", operation_id="v3_list_versions")
async def get_versions(survey_id: IdPath, desk: DeskDep, caller: Reader, page: PageDep) -> Response:
    """All versions, the first one first."""
    record, versions = await _found(list_versions(desk.ports, caller.tenant, survey_id))
    shown, next_page = page.cut(versions)
    return desk.page([version_metadata(record, one) for one in shown], next_page)


@router.post("/survey-definitions/{survey_id}/versions", operation_id="v3_publish_version")
async def post_version(survey_id: IdPath, request: Request, desk: DeskDep, caller: Manager) -> Response:
    """`Published: true` makes the draft live. Versions here are made by publishing, so others are refused."""
    body = await body_of(request)
    if body.get("Published") is not True:
        raise refuse(400, "Send Published true: a version is made by publishing the draft.", "GP_0")
    opened = await _found(flow.publish(desk.ports, caller.tenant, survey_id, caller.name))
    return desk.ok({"metadata": version_metadata(opened.record, opened.version)})


@router.get("/survey-definitions/{survey_id}/versions/{number}", operation_id="v3_get_version")
async def get_version(
    survey_id: IdPath, number: int, desk: DeskDep, caller: Reader, form: Form = ""
) -> Response:
    """One version by its number, as the definition is."""
    if number < 1:
        raise refuse(400, "Missing or invalid parameter: the number of a version begins at 1.", "GP_0")
    opened = await _found(flow.open_survey(desk.ports, caller.tenant, survey_id, number))
    return desk.ok(_shown(opened, desk.ports.public_url, form))


async def _put_part(survey_id: str, element: str, body: Json, desk: DeskDep, caller: Caller) -> Response:
    def edit(file: Json) -> Json:
        return with_part(file, element, body)

    await _found(flow.change(desk.ports, caller.tenant, survey_id, edit, caller.name))
    return desk.done()


def _shown(opened: flow.Opened, base_url: str, form: str) -> Json:
    return opened.file if form == "qsf" else definition(opened.file, base_url)


def _part(parts: dict[str, Json], what: str, name: str) -> Json:
    if name not in parts:
        raise _unknown(what, name)
    return parts[name]


def _unknown(what: str, name: str) -> Problem:
    return refuse(404, f"The survey has no {what} {name}.", "ESSG_2")


async def _found(step: Awaitable[Any]) -> Any:
    try:
        return await step
    except SurveyUnknown as error:
        raise no_definition() from error
