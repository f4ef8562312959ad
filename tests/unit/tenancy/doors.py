"""An app with one door per guard, and the tenancy's own routes: what a credential opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import APIRouter, Depends, FastAPI

import opulse.tenancy.api as tenancy_api
from opulse.ports import Ports
from opulse.tenancy.gate import TenancyGate
from opulse.web.access import agent_only, api_editor, ingest, needs_viewer, systems_reader
from opulse.web.errors import install_errors
from tests.servers.installation import browse

DOORS = {
    "api": api_editor,
    "page": needs_viewer,
    "ingest": ingest,
    "agent": agent_only,
    "systems": systems_reader,
}


@asynccontextmanager
async def knock(ports: Ports) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without a credential of its own."""
    app = FastAPI()
    install_errors(app)
    router = APIRouter()
    for name, guard in DOORS.items():
        router.add_api_route(f"/door/{name}", _open, dependencies=[Depends(guard)])
    app.include_router(router)
    app.include_router(tenancy_api.router)
    app.state.ports = ports
    app.state.gate = TenancyGate(ports)
    async with browse(app) as opened:
        opened.headers["accept"] = "application/json"
        yield opened


def _open() -> str:
    return "open"


async def opens(client: httpx2.AsyncClient, **headers: str) -> dict[str, int]:
    return {name: (await client.get(f"/door/{name}", headers=headers)).status_code for name in DOORS}
