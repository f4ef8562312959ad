"""The demo's pages: the inbox of the mail sink, and the button that starts an incident."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from opulse.cli.demo.desk import Desk, desk_of
from opulse.cli.demo.models import DemoFailed
from opulse.mail.inbox import InboxMessage, InboxSummary
from opulse.web.access import Caller, needs_editor, needs_viewer
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/demo", include_in_schema=False)

DeskDep = Annotated[Desk, Depends(desk_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]

PER_PAGE = 50
PATIENCE_SECONDS = 12.0
FRAME_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'self'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""A mail's HTML is the sender's: it may style itself and open links in new tabs, and nothing else."""
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InboxPage:
    """``here``, ``previous`` and ``next`` are addresses; the latter two empty where there is no such page."""

    messages: tuple[InboxSummary, ...]
    total: int
    search: str
    yours: str
    first: int
    here: str
    previous: str
    next: str

    @property
    def last(self) -> int:
        return self.first + len(self.messages) - 1


@dataclass(frozen=True, slots=True)
class MailPage:
    message: InboxMessage
    frame: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of incident."""

    which: int
    name: str
    description: str
    sensors: str
    group: str
    size: int
    usual: int
    under_way: bool


@dataclass(frozen=True, slots=True)
class IncidentsPage:
    choices: tuple[Choice, ...]


@router.get("/inbox")
async def show_inbox(
    request: Request,
    desk: DeskDep,
    caller: Viewer,
    search: Annotated[str, Query(max_length=200)] = "",
    skip: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    found = desk.mailbox.list_messages(PER_PAGE, skip, search)
    context = InboxPage(
        messages=found.messages,
        total=found.total,
        search=search,
        yours=desk.yours,
        first=skip + 1 if found.messages else 0,
        here=_at(search, skip),
        previous=_at(search, max(0, skip - PER_PAGE)) if skip else "",
        next=_at(search, skip + PER_PAGE) if skip + PER_PAGE < found.total else "",
    )
    return await page(request, "demo/inbox.html", context)


@router.get("/inbox/{number}")
async def show_mail(request: Request, number: int, desk: DeskDep, caller: Viewer) -> HTMLResponse:
    message = _found(desk, number)
    frame = f"/demo/inbox/{number}/html" if message.html else ""
    return await page(request, "demo/mail.html", MailPage(message, frame))


@router.get("/inbox/{number}/html")
async def show_mail_html(number: int, desk: DeskDep, caller: Viewer) -> Response:
    """The mail as its sender wrote it, for the sandboxed frame; links open outside of it."""
    html = _found(desk, number).html
    opened = '<base target="_blank">'
    shown = (
        _HEAD.sub(lambda head: head.group() + opened, html, count=1) if _HEAD.search(html) else opened + html
    )
    return HTMLResponse(shown, headers=FRAME_HEADERS)


@router.get("/incidents")
async def show_incidents(request: Request, desk: DeskDep, caller: Viewer) -> HTMLResponse:
    under_way = desk.incidents.under_way
    choices = tuple(
        Choice(
            number,
            scenario.name,
            scenario.description,
            ", ".join(scenario.sensors),
            scenario.group,
            size,
            min(scenario.usual, size),
            number in under_way,
        )
        for number, (scenario, size) in enumerate(zip(desk.scenarios, desk.sizes, strict=True), start=1)
    )
    return await page(request, "demo/incidents.html", IncidentsPage(choices))


@router.post("/incidents")
async def start_incident(
    desk: DeskDep,
    caller: Editor,
    which: Annotated[int, Form()] = 1,
    number: Annotated[int | None, Form()] = None,
) -> RedirectResponse:
    """Start it and lead to its activation as soon as there is one."""
    try:
        started = await desk.incidents.start(which, number, PATIENCE_SECONDS)
    except DemoFailed as failed:
        return see_other("/demo/incidents", str(failed), "amber", "Nothing was started")
    text = f"{started.systems:,} systems are being hit, one batch after the other. Watch this page, then the inbox."
    address = f"/activations/{started.activation}/journey" if started.activation else "/activations"
    return see_other(address, text, "blue", started.name)


def _found(desk: Desk, number: int) -> InboxMessage:
    message = desk.mailbox.get_message(number)
    if message is None:
        raise NotFound("mail")
    return message


def _at(search: str, skip: int) -> str:
    query = {name: value for name, value in (("search", search), ("skip", skip)) if value}
    return f"/demo/inbox?{urlencode(query)}"
