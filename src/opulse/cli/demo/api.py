"""``POST /api/v1/demo/incidents``: the button, for programs. ``opulse demo incident`` presses it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from opulse.cli.demo.desk import Desk, desk_of
from opulse.cli.demo.models import DemoFailed
from opulse.web.access import Caller, api_editor
from opulse.web.errors import Problem

router = APIRouter(prefix="/api/v1/demo", tags=["demo"])

PATIENCE_SECONDS = 20.0


class IncidentIn(BaseModel):
    """``number`` of systems to hit; absent: as many as is usual for this kind."""

    which: int = 1
    number: Annotated[int, Field(ge=1)] | None = None


class IncidentView(BaseModel):
    """``activation_id`` is empty when the notification had not activated after some seconds."""

    name: str
    systems: int
    activation_id: str


@router.post("/incidents", operation_id="start_demo_incident", status_code=201)
async def post_incident(
    body: IncidentIn,
    desk: Annotated[Desk, Depends(desk_of)],
    caller: Annotated[Caller, Depends(api_editor)],
) -> IncidentView:
    """Start an incident on a part of the simulated estate."""
    try:
        started = await desk.incidents.start(body.which, body.number, PATIENCE_SECONDS)
    except DemoFailed as failed:
        raise Problem(409, "no incident was started", str(failed)) from failed
    return IncidentView(name=started.name, systems=started.systems, activation_id=started.activation)
