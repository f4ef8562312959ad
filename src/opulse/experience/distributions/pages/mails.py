"""A distribution's mail to look at and to send to oneself; its reminders and thank-yous; its history as a file."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from opulse.experience.distributions.flow import following, specimens
from opulse.experience.distributions.flow.exporting import check_distribution, history_table
from opulse.experience.distributions.models import DistributionKind, MessageSpec
from opulse.experience.distributions.models.following import FollowUpWish
from opulse.mail.models import MessageRefused
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound, Problem
from opulse.web.roles import Role

router = APIRouter(prefix="/distributions/{distribution}", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
FRAME_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""A mail is somebody's HTML: it runs nothing and sends nothing, in its frame or opened by itself."""


@router.get("/mail")
async def show_mail(
    distribution: str,
    caller: Viewer,
    ports: PortsDep,
    look: Annotated[Literal["light", "dark", "text"], Query()] = "light",
    language: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The mail as its reader sees it, for a frame."""
    try:
        made = await specimens.show_specimen(ports, caller.tenant, distribution, language)
    except LookupError as error:
        raise NotFound("distribution") from error
    except MessageRefused as error:
        raise Problem(422, "not writable", f"This mail cannot be written: {error}.") from error
    if look == "text":
        return PlainTextResponse(f"Subject: {made.subject}\n\n{made.text}", headers=FRAME_HEADERS)
    return HTMLResponse(made.dark if look == "dark" else made.html, headers=FRAME_HEADERS)


@router.post("/test-mail")
async def save_test_mail(
    distribution: str,
    caller: Editor,
    ports: PortsDep,
    address: Annotated[str, Form(max_length=320)] = "",
    language: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """The mail to one address. It counts for nothing."""
    page = f"/distributions/{distribution}#mail"
    try:
        await specimens.send_test(ports, caller.tenant, distribution, address, caller.name, language)
    except LookupError as error:
        raise NotFound("distribution") from error
    except specimens.NotSent as error:
        return see_other(page, f"The test mail did not leave: {error}.", "red")
    return see_other(page, "The relay took the test mail. Nobody was asked by it.")


@router.post("/follow-ups")
async def save_follow_up(
    distribution: str,
    caller: Editor,
    ports: PortsDep,
    kind: Annotated[Literal["reminder", "thank_you"], Form()] = "reminder",
    after: Annotated[str, Form(max_length=6)] = "",
    unit: Annotated[Literal["minutes", "hours", "days"], Form()] = "hours",
    subject: Annotated[str, Form(max_length=500)] = "",
    body: Annotated[str, Form(max_length=50_000)] = "",
) -> Response:
    """Plan a reminder or a thank-you."""
    page = f"/distributions/{distribution}#follow-ups"
    if not (after.isascii() and after.isdigit()):
        return see_other(page, "Nothing was planned: say after how long, as a whole number.", "red")
    wish = FollowUpWish(
        DistributionKind(kind),
        timedelta(minutes=int(after) * UNITS[unit]),
        MessageSpec(subject=subject.strip(), body=body.strip()),
    )
    try:
        await following.plan_follow_up(ports, caller.tenant, distribution, wish, caller.name)
    except LookupError as error:
        raise NotFound("distribution") from error
    except following.NotFollowable as error:
        return see_other(page, f"Nothing was planned: {error}.", "red")
    return see_other(page, "Planned. Each person gets it as their time comes.")


@router.post("/follow-ups/{follow_up}/end")
async def save_end(distribution: str, follow_up: str, caller: Editor, ports: PortsDep) -> Response:
    """Nobody gets it any more who has not got it yet."""
    try:
        await following.end_follow_up(ports, caller.tenant, distribution, follow_up, caller.name)
    except LookupError as error:
        raise NotFound("follow-up") from error
    return see_other(
        f"/distributions/{distribution}#follow-ups", "Ended. Who has not got it will not get it."
    )


@router.get("/history.csv")
async def show_history_table(distribution: str, caller: Viewer, ports: PortsDep) -> Response:
    """What became of everybody, as a file; without names for who may not see them."""
    try:
        await check_distribution(ports, caller.tenant, distribution)
    except LookupError as error:
        raise NotFound("distribution") from error
    named = {"Content-Disposition": f'attachment; filename="{distribution}.csv"'}
    lines = history_table(ports, caller.tenant, distribution, names=caller.may(Role.EDITOR))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)
