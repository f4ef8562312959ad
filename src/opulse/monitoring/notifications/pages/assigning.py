"""*Assign Notifications* from the Recipients tab: which notifications tell one recipient. Dismisses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.monitoring.notifications.flow import reading, saving
from opulse.monitoring.notifications.models import Notification
from opulse.monitoring.recipients.flow.saving import find_recipient
from opulse.monitoring.recipients.models import Recipient
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/recipients", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]


@dataclass(frozen=True)
class AssignPage:
    """All notifications; those that tell the recipient are ticked."""

    recipient: Recipient
    notifications: tuple[Notification, ...]


@router.get("/{recipient_id}/notifications")
async def show_assigned(request: Request, recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Which notifications tell it."""
    recipient = await find_recipient(ports, caller.tenant, recipient_id)
    if recipient is None:
        raise NotFound("recipient")
    found = await ports.db.read(reading.list_notifications, caller.tenant)
    return await page(request, "notifications/assign.html", AssignPage(recipient, tuple(found)))


@router.post("/{recipient_id}/notifications")
async def save_assigned(
    recipient_id: str,
    ports: PortsDep,
    caller: Editor,
    notification: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Exactly the ticked ones tell it from now on."""
    chosen = tuple(notification or ())
    alone = await saving.assign_notifications(ports, caller.tenant, caller.name, recipient_id, chosen)
    if alone is None:
        raise NotFound("recipient")
    if alone:
        return see_other("/recipients", f"These now tell nobody: {', '.join(alone)}.", "amber")
    return see_other("/recipients", "The assignments are saved.")
