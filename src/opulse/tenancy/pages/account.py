"""My account: who I am here, my password, the browsers I am signed in with."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.tenancy import views
from opulse.tenancy.flow.sessions import change_own_password, end_session
from opulse.tenancy.models import PASSWORD_LENGTH, Person, Session, SignInRefusal
from opulse.tenancy.pages.shared import PortsDep, Text, Viewer
from opulse.tenancy.pages.signing import forget_session
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/account")
REFUSED = {
    SignInRefusal.WRONG: "This is not your current password.",
    SignInRefusal.TOO_MANY: "Too many failed tries. Wait 15 minutes.",
}


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The signed-in person, and what was wrong with a new password: field → sentence."""

    person: Person
    shortest: int
    errors: dict[str, str]


@dataclass(frozen=True, slots=True)
class OwnSessionsPage:
    """The person's sessions; ``current`` is the one that looks."""

    sessions: tuple[Session, ...]
    current: str


@router.get("")
async def show_account(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Who I am here, and the form for another password."""
    return await _account(request, ports, caller, {})


@router.post("/password")
async def save_password(
    request: Request,
    ports: PortsDep,
    caller: Viewer,
    current: Text = "",
    password: Text = "",
    again: Text = "",
) -> Response:
    """Set another password; every session ends, so that a stolen one is of no more use."""
    errors: dict[str, str] = {}
    if len(password) < PASSWORD_LENGTH:
        errors["password"] = f"A password has at least {PASSWORD_LENGTH} characters."
    elif password != again:
        errors["again"] = "The two new passwords differ."
    if not errors:
        refused = await change_own_password(ports, caller, current, password)
        if refused is not None:
            errors["current"] = REFUSED[refused]
    if errors:
        return await _account(request, ports, caller, errors)
    response = see_other("/sign-in", "Your password was changed. Sign in with it.")
    forget_session(ports, response)
    return response


@router.get("/sessions")
async def show_own_sessions(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The browsers in which I am signed in."""
    found = await ports.db.read(views.list_sessions, caller.tenant, caller.user_id)
    context = OwnSessionsPage(tuple(found), caller.session_id)
    return await page(request, "tenancy/own_sessions.html", context)


@router.post("/sessions/{session}/end")
async def save_end_own_session(session: str, ports: PortsDep, caller: Viewer) -> Response:
    """Sign one of my browsers out."""
    if not await end_session(ports, caller.tenant, caller.user_id, session, caller.name):
        raise NotFound("session")
    return see_other("/account/sessions", "That browser is signed out.")


async def _account(request: Request, ports: PortsDep, caller: Viewer, errors: dict[str, str]) -> Response:
    person = await ports.db.read(views.find_person, caller.tenant, caller.user_id)
    if person is None:
        raise NotFound("account")
    context = AccountPage(person, PASSWORD_LENGTH, errors)
    return await page(request, "tenancy/account.html", context, 422 if errors else 200)
