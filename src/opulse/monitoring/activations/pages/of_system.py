"""The activations that counted one system, and where to look who was asked because of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.activations import views
from opulse.monitoring.activations.models import CountedIn
from opulse.monitoring.systems.models import System
from opulse.monitoring.systems.views import find_system
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
LOOKED_AT = 500
"""Activations that are looked through, the newest: their sets are some kilobytes each."""


@dataclass(frozen=True)
class SystemActivationsPage:
    """One system. ``may_ask_why``: the viewer may open the page that names people."""

    system: System
    counted: tuple[CountedIn, ...]
    most: int
    may_ask_why: bool


@router.get("/systems/{system_id}/activations")
async def show_activations_of_system(
    request: Request, system_id: str, ports: PortsDep, caller: Viewer
) -> Response:
    """Newest first."""

    def query(conn: Connection) -> tuple[System, list[CountedIn]]:
        system = find_system(conn, caller.tenant, system_id)
        if system is None:
            raise NotFound("system")
        return system, views.list_counting(conn, caller.tenant, system.idx, LOOKED_AT)

    system, counted = await ports.db.read(query)
    context = SystemActivationsPage(system, tuple(counted), LOOKED_AT, caller.may(*needs_editor.roles))
    return await page(request, "activations/of_system.html", context)
