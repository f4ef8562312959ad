"""QSF over the API: a file becomes a draft, a survey becomes a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from opulse.experience.surveys.flow import SurveyUnknown
from opulse.experience.surveys.qsf.downloads import FILE_TYPE, as_file
from opulse.experience.surveys.qsf.flow import MOST_BYTES, export_qsf, import_qsf, look_at
from opulse.experience.surveys.qsf.mapping import Imported
from opulse.experience.surveys.qsf.models import Outcome, QsfUnreadable
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/surveys", tags=["surveys"])

PortsDep = Annotated[Ports, Depends(ports_of)]


class QsfItemView(BaseModel):
    """One question of the file. `reason` says what is different or why it was left; empty when there is nothing to say."""

    id: str
    type: str
    outcome: Outcome
    reason: str


class QsfReportView(BaseModel):
    """Every question of the file with its outcome, and how many had which."""

    questions: int
    taken: int
    approximated: int
    left: int
    items: list[QsfItemView]


class QsfImportView(BaseModel):
    """`survey_id` is null when the file was only looked at; `notes` are about the survey as a whole."""

    survey_id: str | None
    name: str
    report: QsfReportView
    notes: list[str]


@router.post(
    "/qsf",
    status_code=201,
    operation_id="import_qsf",
    openapi_extra={"requestBody": {"content": {FILE_TYPE: {}}, "required": True}},
)
async def post_qsf(
    request: Request,
    response: Response,
    ports: PortsDep,
    caller: Annotated[Caller, Depends(api_editor)],
    check: bool = False,
    name: Annotated[str, Query(max_length=100)] = "",
) -> QsfImportView:
    """Make a survey of a QSF file; the body is the file. It is a draft. With `check` nothing is changed (200)."""
    content = await _body(request)
    try:
        if check:
            response.status_code = 200
            return _view(None, name, await look_at(content))
        record, imported = await import_qsf(ports, caller.tenant, content, name, caller.name)
    except QsfUnreadable as error:
        raise Problem(422, "the file is not a survey", str(error)) from error
    return _view(record.id, record.name, imported)


@router.get("/{survey_id}/qsf", operation_id="export_qsf", response_class=Response)
async def get_qsf(
    survey_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> Response:
    """The survey's newest version as a QSF file."""
    try:
        record, content = await export_qsf(ports, caller.tenant, survey_id)
    except SurveyUnknown as error:
        raise NotFound("survey") from error
    return as_file(record.id, content)


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Problem(413, "the file is too large", f"A survey file has at most {MOST_BYTES:,} bytes.")
        parts.append(part)
    return b"".join(parts)


def _view(survey_id: str | None, name: str, imported: Imported) -> QsfImportView:
    report = QsfReportView.model_validate(imported.report.as_json())
    return QsfImportView(
        survey_id=survey_id, name=name or imported.name, report=report, notes=list(imported.report.notes)
    )
