"""Surveys as JSON: make, read, edit, publish, close and open again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator

from opulse.experience.surveys import flow
from opulse.experience.surveys.models import (
    SurveyDocument,
    SurveyRecord,
    SurveyState,
    SurveyVersion,
    VersionState,
)
from opulse.experience.surveys.recommended import recommended_pulse
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/surveys", tags=["surveys"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class SurveyCreation(BaseModel):
    """A name and either a document or the name of a template."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    document: SurveyDocument | None = None
    template: Literal["recommended"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> SurveyCreation:
        if (self.document is None) == (self.template is None):
            raise ValueError("give either a document or a template")
        return self


class SurveyEdit(BaseModel):
    """What a survey's draft becomes."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    document: SurveyDocument


class SurveyView(BaseModel):
    """A survey as it is listed."""

    survey_id: str
    name: str
    state: SurveyState
    published_version: int
    newest_version: int
    created_at: datetime
    updated_at: datetime


class SurveyDetail(SurveyView):
    """A survey with its newest version."""

    version_state: VersionState
    document: SurveyDocument


class SurveyList(BaseModel):
    """The tenant's surveys, newest first."""

    surveys: list[SurveyView]


@router.post("", status_code=201, operation_id="create_survey")
async def post_survey(body: SurveyCreation, caller: Editor, ports: PortsDep) -> SurveyView:
    """Make a survey. It is a draft until it is published."""
    document = body.document or recommended_pulse()
    return _view(await flow.create_survey(ports, caller.tenant, body.name, document, caller.name))


@router.get("", operation_id="list_surveys")
async def get_surveys(caller: Viewer, ports: PortsDep) -> SurveyList:
    """List surveys."""
    return SurveyList(surveys=[_view(one) for one in await flow.list_surveys(ports, caller.tenant)])


@router.get("/{survey_id}", operation_id="get_survey")
async def get_survey(survey_id: str, caller: Viewer, ports: PortsDep) -> SurveyDetail:
    """A survey with its newest document."""
    try:
        record, version = await flow.find_survey(ports, caller.tenant, survey_id)
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error
    return _detail(record, version)


@router.put("/{survey_id}", operation_id="edit_survey")
async def put_survey(survey_id: str, body: SurveyEdit, caller: Editor, ports: PortsDep) -> SurveyView:
    """Save the draft; people are asked with the published version until the draft is published."""
    try:
        saved = await flow.save_draft(ports, caller.tenant, survey_id, body.name, body.document, caller.name)
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error
    return _view(saved)


@router.post("/{survey_id}/publish", operation_id="publish_survey")
async def post_publish(survey_id: str, caller: Editor, ports: PortsDep) -> SurveyView:
    """Make the newest version the one that people are asked with."""
    try:
        return _view(await flow.publish_survey(ports, caller.tenant, survey_id, caller.name))
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error
    except flow.DocumentRefused as refused:
        problems = [
            {"where": one.where, "reason": one.reason.value, "detail": one.detail} for one in refused.problems
        ]
        detail = "Mend the document and publish again."
        raise Problem(409, "the survey cannot be published", detail, errors=problems) from refused


@router.post("/{survey_id}/close", operation_id="close_survey")
async def post_close(survey_id: str, caller: Editor, ports: PortsDep) -> SurveyView:
    """Take no more answers."""
    try:
        return _view(await flow.close_survey(ports, caller.tenant, survey_id, caller.name))
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error
    except flow.NotPublished as error:
        raise Problem(409, "the survey was never published", "Publish it first.") from error


@router.post("/{survey_id}/open", operation_id="open_survey")
async def post_open(survey_id: str, caller: Editor, ports: PortsDep) -> SurveyView:
    """Take answers again."""
    try:
        return _view(await flow.open_survey(ports, caller.tenant, survey_id, caller.name))
    except flow.SurveyUnknown as error:
        raise NotFound("survey") from error
    except flow.NotPublished as error:
        raise Problem(409, "the survey was never published", "Publish it first.") from error


def _view(record: SurveyRecord) -> SurveyView:
    return SurveyView(
        survey_id=record.id,
        name=record.name,
        state=record.state,
        published_version=record.published,
        newest_version=record.newest,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def _detail(record: SurveyRecord, version: SurveyVersion) -> SurveyDetail:
    return SurveyDetail(**_view(record).model_dump(), version_state=version.state, document=version.document)
