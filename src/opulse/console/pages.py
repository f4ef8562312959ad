"""The console's home: what is on now, what was given up, what is still to be set up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from opulse.console.flow import read_overview
from opulse.jobs.table import revive
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]


@router.get("/")
async def show_overview(
    request: Request, ports: PortsDep, caller: Annotated[Caller, Depends(needs_viewer)]
) -> Response:
    """What is on now."""
    overview = await read_overview(ports, caller, request.app.state.wing)
    return await page(request, "console/home.html", overview)


@router.post("/jobs/{job}/revive")
async def save_revive(
    job: int, ports: PortsDep, caller: Annotated[Caller, Depends(needs_editor)]
) -> Response:
    """Run a job again that was given up."""
    if not await ports.db.write(revive, caller.tenant, job):
        raise NotFound("job")
    return see_other("/", "It runs again, as if for the first time.")
