"""JSON routes of schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from opulse.experience.extensions.schedule.flow import read_next, start_by_hand
from opulse.experience.workflows.models import ShareLevel
from opulse.experience.workflows.pages.shared import find_workflow
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import Problem

router = APIRouter(prefix="/api/v1", tags=["workflows"])
PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class ScheduleView(BaseModel):
    """``next_at``: null while the workflow is off, or for some seconds after it was saved."""

    next_at: datetime | None


@router.get("/workflows/{workflow}/schedule", operation_id="get_workflow_schedule")
async def get_schedule(workflow: str, ports: PortsDep, caller: Viewer) -> ScheduleView:
    """When it starts next; null for a workflow without a schedule."""
    await find_workflow(ports, caller, workflow)
    return ScheduleView(next_at=await read_next(ports, caller.tenant, workflow))


@router.post("/workflows/{workflow}/schedule/run", operation_id="run_scheduled_workflow", status_code=202)
async def post_run(workflow: str, ports: PortsDep, caller: Editor) -> None:
    """Start it now, beside its times."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.RUN)
    if found.document.trigger.type != "schedule":
        raise Problem(409, "the workflow has no schedule", "Its event is another one.")
    if not found.enabled:
        raise Problem(409, "the workflow is off", "Turn it on first.")
    await start_by_hand(ports, caller.tenant, workflow, caller.name)
