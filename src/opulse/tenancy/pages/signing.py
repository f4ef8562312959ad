"""Sign in and out."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from opulse.ports import Ports
from opulse.tenancy.flow.people import SignedIn, SignInRefused, sign_in
from opulse.tenancy.flow.sessions import end_session
from opulse.tenancy.models import SESSION_LIFE, SignInRefusal
from opulse.tenancy.pages.shared import PortsDep, Text, Viewer
from opulse.web.access import Gate, Open, Role
from opulse.web.components.flashes import see_other
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.layout import page

router = APIRouter()
DOOR = Open("whoever signs in has no session yet; the password is checked here")
STATUS = {SignInRefusal.WRONG: 422, SignInRefusal.TOO_MANY: 429, SignInRefusal.DISABLED: 403}
PEOPLE = (Role.ADMIN, Role.EDITOR, Role.VIEWER)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form. ``refusal``: why the last try failed; ``next``: the own path to go on to."""

    next: str
    email: str = ""
    refusal: SignInRefusal | None = None


@router.get("/sign-in", dependencies=[Depends(DOOR)])
async def show_sign_in(request: Request, next: str = "/") -> Response:
    """The form; somebody who is signed in already goes on at once."""
    gate: Gate = request.app.state.gate
    caller = await gate.find_caller(request)
    if caller is not None and caller.may(*PEOPLE):
        return RedirectResponse(own_path(next), status_code=303)
    return await page(request, "tenancy/sign_in.html", SignInPage(own_path(next)))


@router.post("/sign-in", dependencies=[Depends(DOOR)])
async def save_sign_in(
    request: Request,
    ports: PortsDep,
    email: Text = "",
    password: Text = "",
    next: Text = "/",
) -> Response:
    """Open a session, or say why not. A form on another site cannot sign anybody in as somebody else."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return await page(request, "tenancy/sign_in.html", SignInPage("/"), 403)
    agent = request.headers.get("user-agent", "")
    address = request.client.host if request.client else ""
    try:
        signed_in = await sign_in(ports, email, password, agent, address)
    except SignInRefused as refused:
        form = SignInPage(own_path(next), email, refused.reason)
        return await page(request, "tenancy/sign_in.html", form, STATUS[refused.reason])
    response = RedirectResponse(own_path(next), status_code=303)
    keep_session(ports, response, signed_in)
    return response


@router.post("/sign-out")
async def save_sign_out(ports: PortsDep, caller: Viewer) -> Response:
    """End this session, here and in the table."""
    await end_session(ports, caller.tenant, caller.user_id, caller.session_id, caller.name)
    response = see_other("/sign-in", "You are signed out.")
    forget_session(ports, response)
    return response


def keep_session(ports: Ports, response: Response, signed_in: SignedIn) -> None:
    """Give the browser its session; scripts and other sites cannot read or send it."""
    response.set_cookie(
        SESSION_COOKIE,
        signed_in.cookie,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=ports.public_url.startswith("https://"),
    )


def forget_session(ports: Ports, response: Response) -> None:
    """Take the session cookie back."""
    secure = ports.public_url.startswith("https://")
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=secure)


def own_path(address: str) -> str:
    """``address`` when it is a path of this installation, else the overview: nobody is sent on to another site.

    Browsers read a backslash as a slash and drop control characters, so neither may come through.
    """
    is_path = address.startswith("/") and not address.startswith("//")
    is_plain = "\\" not in address and address.isprintable()
    return address if is_path and is_plain and not address.startswith("/sign-") else "/"
