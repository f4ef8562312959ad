"""Everybody's sessions, for the administrator."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.tenancy import views
from opulse.tenancy.flow.sessions import end_session, end_sessions
from opulse.tenancy.models import Session
from opulse.tenancy.pages.shared import Admin, PortsDep
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/admin")


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """Every session with the address of its person; ``current`` is the one that looks."""

    sessions: tuple[tuple[Session, str], ...]
    current: str


@router.get("/sessions")
async def show_sessions(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Who is signed in, where, since when."""
    found = await ports.db.read(views.list_tenant_sessions, caller.tenant)
    return await page(request, "tenancy/sessions.html", SessionsPage(tuple(found), caller.session_id))


@router.post("/people/{person}/sessions/{session}/end")
async def save_end_session(person: str, session: str, ports: PortsDep, caller: Admin) -> Response:
    """Sign one browser of anybody out."""
    if not await end_session(ports, caller.tenant, person, session, caller.name):
        raise NotFound("session")
    return see_other("/admin/sessions", "That browser is signed out.")


@router.post("/people/{person}/sessions/end")
async def save_end_sessions(person: str, ports: PortsDep, caller: Admin) -> Response:
    """Sign somebody out everywhere."""
    found = await ports.db.read(views.find_person, caller.tenant, person)
    if found is None:
        raise NotFound("person")
    await end_sessions(ports, caller.tenant, person, caller.name)
    return see_other(f"/admin/people/{person}", f"{found.email} is signed out everywhere.")
