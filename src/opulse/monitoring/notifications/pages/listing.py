"""The Notifications tab: every rule, and at how many systems each activates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from opulse.monitoring.notifications.flow import reading
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.notifications.rules import describe_threshold
from opulse.ports import Ports
from opulse.web.access import Caller, needs_viewer, ports_of
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/notifications", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]


@dataclass(frozen=True)
class NotificationLine:
    """One line of the list."""

    notification: Notification
    threshold: str


@dataclass(frozen=True)
class NotificationListPage:
    """``editing``: the lock is open, and names lead to settings that are open, too."""

    lines: tuple[NotificationLine, ...]
    editing: bool
    may_edit: bool


@router.get("")
async def show_notifications(
    request: Request, ports: PortsDep, caller: Viewer, edit: bool = False
) -> Response:
    """The list, by name; ``edit`` opens its lock."""
    found = await ports.db.read(reading.list_notifications, caller.tenant)
    lines = tuple(NotificationLine(each, describe_threshold(each.threshold)) for each in found)
    may_edit = caller.may(Role.EDITOR)
    context = NotificationListPage(lines, edit and may_edit, may_edit)
    return await page(request, "notifications/list.html", context)
