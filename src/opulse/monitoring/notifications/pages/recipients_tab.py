"""The Recipients tab: everybody who can be told, and by which notifications each is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.recipients.flow.saving import list_recipients
from opulse.monitoring.recipients.models import Recipient
from opulse.ports import Ports
from opulse.web.access import Caller, needs_viewer, ports_of
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/recipients", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]


@dataclass(frozen=True)
class RecipientLine:
    """One recipient and what tells it, by name."""

    recipient: Recipient
    told_by: tuple[Notification, ...]

    @property
    def names(self) -> str:
        """For whoever rests the pointer on the count."""
        return ", ".join(notification.name for notification in self.told_by)


@dataclass(frozen=True)
class RecipientListPage:
    """``editing``: the lock is open, and names lead to settings that are open, too."""

    lines: tuple[RecipientLine, ...]
    editing: bool
    may_edit: bool


@router.get("")
async def show_recipients(request: Request, ports: PortsDep, caller: Viewer, edit: bool = False) -> Response:
    """The list, by name; ``edit`` opens its lock."""
    recipients = await list_recipients(ports, caller.tenant)
    notifications = await ports.db.read(list_notifications, caller.tenant)
    may_edit = caller.may(Role.EDITOR)
    context = RecipientListPage(tuple(_lines(recipients, notifications)), edit and may_edit, may_edit)
    return await page(request, "notifications/recipients.html", context)


def _lines(recipients: Iterable[Recipient], notifications: Iterable[Notification]) -> list[RecipientLine]:
    told_by: dict[str, list[Notification]] = {}
    for notification in notifications:
        for recipient in notification.recipients:
            told_by.setdefault(recipient, []).append(notification)
    return [RecipientLine(recipient, tuple(told_by.get(recipient.id, ()))) for recipient in recipients]
