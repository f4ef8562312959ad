"""``/api/v1/maintenance-windows``: when the systems of a group count nowhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from opulse.monitoring.maintenance import flow, views
from opulse.monitoring.maintenance.models import MaintenanceWindow, Repeat, WindowDraft, WindowRefused
from opulse.monitoring.maintenance.rules import is_under_way
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/maintenance-windows", tags=["maintenance"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class WindowBody(BaseModel):
    """A window. Times of a repeated one are those of its first occurrence; it then keeps the wall-clock time of ``zone``."""

    name: str = Field(description="What is being done.")
    group_id: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    repeat: Repeat = Repeat.ONCE
    zone: str = Field("UTC", description="A name of the IANA time zone database.")
    until: AwareDatetime | None = Field(None, description="A repeated window begins no more from here on.")


class WindowView(WindowBody):
    """A planned window."""

    window_id: str
    group_name: str
    under_way: bool
    created_by: str
    created_at: AwareDatetime


class WindowList(BaseModel):
    windows: list[WindowView]


@router.get("", operation_id="list_maintenance_windows")
async def list_windows(ports: PortsDep, caller: Viewer) -> WindowList:
    """Those that are not over, by their start."""
    found = await ports.db.read(views.list_windows, caller.tenant, ports.clock.now())
    return WindowList(windows=[_view(ports, window) for window in found])


@router.post("", operation_id="plan_maintenance_window", status_code=201)
async def post_window(body: WindowBody, ports: PortsDep, caller: Editor) -> WindowView:
    """While it is under way, the group's systems are neither affected nor reporting for any notification."""
    draft = WindowDraft(
        body.name, body.group_id, body.starts_at, body.ends_at, body.repeat.value, body.zone, body.until
    )
    try:
        return _view(ports, await flow.plan_window(ports, caller.tenant, caller.name, draft))
    except WindowRefused as refused:
        raise _invalid(refused) from refused


@router.delete("/{window_id}", operation_id="end_maintenance_window", status_code=204)
async def delete_window(window_id: str, ports: PortsDep, caller: Editor) -> None:
    """End it now, and all that would come again."""
    if await flow.end_window(ports, caller.tenant, caller.name, window_id) is None:
        raise NotFound("maintenance window")


def _invalid(refused: WindowRefused) -> Problem:
    problems = [
        {"where": problem.field, "reason": problem.fault.value, "what": problem.text}
        for problem in refused.problems
    ]
    return Problem(422, "the maintenance window cannot be saved", str(refused), errors=problems)


def _view(ports: Ports, window: MaintenanceWindow) -> WindowView:
    return WindowView(
        window_id=window.id,
        name=window.name,
        group_id=window.group_id,
        group_name=window.group_name,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        repeat=window.repeat,
        zone=window.zone,
        until=window.until,
        under_way=is_under_way(window, ports.clock.now()),
        created_by=window.created_by,
        created_at=window.created_at,
    )
