"""The delivery log: every attempt of every delivery, by recipient, notification, state and time; and sending again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.deliveries.flow.again import send_again, send_failed_again
from opulse.monitoring.deliveries.flow.reading import LoggedWithAttempts, read_log
from opulse.monitoring.deliveries.models import (
    Attempt,
    DeliveryState,
    LogFilter,
    LoggedDelivery,
    NotSentAgain,
)
from opulse.monitoring.deliveries.rules import NOT_SENT_AGAIN, read_cursor, write_cursor
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.recipients.flow.saving import list_recipients
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound, Problem
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/deliveries", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]

PERIODS: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
    "": ("Any time", None),
}


@dataclass(frozen=True)
class LogRow:
    """One attempt; ``attempt`` None: the delivery had none yet. ``newest``: the row of its delivery that carries its state."""

    delivery: LoggedDelivery
    attempt: Attempt | None
    newest: bool


@dataclass(frozen=True)
class LogPage:
    """A page of the log. ``recipients`` and ``notifications`` are (id, name); ``chosen`` is what was asked for."""

    rows: tuple[LogRow, ...]
    recipients: tuple[tuple[str, str], ...]
    notifications: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str], ...]
    periods: tuple[tuple[str, str], ...]
    chosen: Chosen
    here: str
    next: str
    may_edit: bool


@dataclass(frozen=True)
class Chosen:
    """The filters as the address has them."""

    recipient: str = ""
    notification: str = ""
    state: str = ""
    period: str = ""
    before: str = ""

    def address(self) -> str:
        """Of the log with these filters."""
        given = {name: value for name, value in vars(self).items() if value}
        return "/deliveries" + (f"?{urlencode(given)}" if given else "")

    def wanted(self, now: datetime) -> LogFilter:
        """As the flow takes it. Raises ``ValueError`` for a choice that the page does not offer."""
        if self.period not in PERIODS:
            raise ValueError("there is no such period")
        span = PERIODS[self.period][1]
        state = DeliveryState(self.state) if self.state else None
        return LogFilter(self.recipient, self.notification, state, now - span if span else None)


@router.get("")
async def show_log(  # the filters are the page's own query
    request: Request,
    ports: PortsDep,
    caller: Viewer,
    recipient: str = "",
    notification: str = "",
    state: str = "",
    period: str = "",
    before: str = "",
) -> Response:
    """Newest first, 50 deliveries a page."""
    chosen = Chosen(recipient, notification, state, period, before)
    try:
        wanted, cursor = chosen.wanted(ports.clock.now()), read_cursor(before)
    except ValueError as error:
        raise Problem(422, "there is no such view of the log", str(error)) from error
    lines, more = await ports.db.read(read_log, caller.tenant, wanted, cursor)
    recipients = await list_recipients(ports, caller.tenant)
    context = LogPage(
        rows=tuple(row for line in lines for row in _rows(line)),
        recipients=tuple((found.id, found.name) for found in recipients),
        notifications=await ports.db.read(_notifications, caller.tenant),
        states=tuple((one.value, one.value.capitalize()) for one in DeliveryState),
        periods=tuple((value, title) for value, (title, _) in PERIODS.items()),
        chosen=chosen,
        here=chosen.address(),
        next=replace(chosen, before=write_cursor(more)).address() if more else "",
        may_edit=caller.may(Role.EDITOR),
    )
    return await page(request, "deliveries/log.html", context)


@router.post("/{delivery_id}/send-again")
async def save_sent_again(
    delivery_id: str, ports: PortsDep, caller: Editor, back: Annotated[str, Form()] = ""
) -> Response:
    """Another round of attempts with the same bytes."""
    try:
        found = await send_again(ports, caller.tenant, caller.name, delivery_id)
    except NotSentAgain as refused:
        return see_other(_inside(back), NOT_SENT_AGAIN[refused.reason], "amber")
    if found is None:
        raise NotFound("delivery")
    target = _inside(back) if back else f"/activations/{found.activation}"
    return see_other(target, "It is sent again, with the same bytes.")


@router.post("/of/{recipient_id}/send-again")
async def save_failed_sent_again(recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """All that failed of one recipient."""
    address = Chosen(recipient=recipient_id).address()
    try:
        done = await send_failed_again(ports, caller.tenant, caller.name, recipient_id)
    except NotSentAgain as refused:
        return see_other(address, NOT_SENT_AGAIN[refused.reason], "amber")
    if done is None:
        raise NotFound("recipient")
    if not done.count:
        return see_other(address, f"Nothing failed of {done.recipient.name}.")
    more = " There are more: press it again." if done.left else ""
    return see_other(address, f"{done.count} are sent again, each with the same bytes.{more}")


def _inside(back: str) -> str:
    """Only to our own log: an address from a form must not lead elsewhere."""
    return back if back == "/deliveries" or back.startswith("/deliveries?") else "/deliveries"


def _rows(line: LoggedWithAttempts) -> list[LogRow]:
    """Newest attempt first, as the deliveries are."""
    if not line.attempts:
        return [LogRow(line.delivery, None, newest=True)]
    newest = line.attempts[-1].number
    return [LogRow(line.delivery, one, one.number == newest) for one in reversed(line.attempts)]


def _notifications(conn: Connection, tenant: int) -> tuple[tuple[str, str], ...]:
    return tuple((found.id, found.name) for found in list_notifications(conn, tenant))
