"""JSON routes of addresses that get no mail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from opulse.experience.distributions.flow import suppressing
from opulse.experience.distributions.flow.exporting import suppressions_table
from opulse.experience.distributions.models import SpareReason, Suppression
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.web.roles import Role

router = APIRouter(prefix="/api/v1", tags=["distributions"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class AddressBody(BaseModel):
    """One e-mail address."""

    email: str = Field(min_length=3, max_length=320)


class SuppressionView(BaseModel):
    """An address that gets no mail: the rule, since when, whose it was, and the server's words.

    ``email`` and ``text`` are empty for callers who may not see names.
    """

    email: str
    reason: SpareReason
    since: datetime
    contact: str
    text: str


@router.get("/suppressions", operation_id="list_suppressions")
async def list_suppressions(
    ports: PortsDep,
    caller: Editor,
    contact: str = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[SuppressionView]:
    found = await suppressing.list_suppressions(
        ports, caller.tenant, contact=contact, after=after, limit=limit
    )
    return [_view(one, names=caller.may(Role.EDITOR)) for one in found]


@router.get(
    "/suppressions.csv",
    operation_id="download_suppressions",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_suppressions_csv(ports: PortsDep, caller: Editor) -> StreamingResponse:
    named = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    lines = suppressions_table(ports, caller.tenant, names=caller.may(Role.EDITOR))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)


@router.post("/suppressions", operation_id="suppress_address", status_code=201)
async def post_suppression(body: AddressBody, ports: PortsDep, caller: Editor) -> SuppressionView:
    try:
        made = await suppressing.suppress_address(ports, caller.tenant, body.email, caller.name)
    except ValueError as error:
        raise Problem(422, "no address", f"Nothing was changed: {error}.") from error
    return _view(made, names=True)


@router.post("/suppressions/lift", operation_id="lift_suppression")
async def post_lift(body: AddressBody, ports: PortsDep, caller: Editor) -> SuppressionView:
    try:
        found = await suppressing.lift_suppression(ports, caller.tenant, body.email, caller.name)
    except LookupError as error:
        raise NotFound("suppression") from error
    return _view(found, names=True)


def _view(one: Suppression, *, names: bool) -> SuppressionView:
    return SuppressionView(
        email=one.email if names else "",
        reason=one.reason,
        since=one.at,
        contact=one.contact,
        text=one.text if names else "",
    )
