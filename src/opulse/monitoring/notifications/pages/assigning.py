"""*Assign Notifications* and *Change Assigned Notifications* of the Recipients tab: what tells a recipient. Dismisses nothing."""

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
    """All notifications; ``ticked`` tell the recipient. ``alone``: names of those that would tell nobody once this is saved."""

    recipient: Recipient
    notifications: tuple[Notification, ...]
    ticked: frozenset[str]
    alone: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return "Change Assigned Notifications" if self.recipient.assigned else "Assign Notifications"


@router.get("/{recipient_id}/notifications")
async def show_assigned(request: Request, recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Which notifications tell it."""
    recipient, found = await _read(ports, caller.tenant, recipient_id)
    told = frozenset(each.id for each in found if recipient_id in each.recipients)
    return await page(request, "notifications/assign.html", AssignPage(recipient, found, told))


@router.post("/{recipient_id}/notifications")
async def save_assigned(
    request: Request,
    recipient_id: str,
    ports: PortsDep,
    caller: Editor,
    notification: Annotated[list[str] | None, Form()] = None,
    anyway: Annotated[bool, Form()] = False,
) -> Response:
    """Exactly the ticked ones tell it from now on. What would leave a notification with nobody is asked first."""
    chosen = tuple(notification or ())
    recipient, found = await _read(ports, caller.tenant, recipient_id)
    alone = saving.left_alone(found, recipient_id, chosen)
    if alone and not anyway:
        context = AssignPage(recipient, found, frozenset(chosen), alone)
        return await page(request, "notifications/assign.html", context)
    left = await saving.assign_notifications(ports, caller.tenant, caller.name, recipient_id, chosen)
    if left is None:
        raise NotFound("recipient")
    if left:
        return see_other("/recipients", f"These now tell nobody: {', '.join(left)}.", "amber")
    return see_other("/recipients", "The assignments are saved.")


async def _read(ports: Ports, tenant: int, recipient_id: str) -> tuple[Recipient, tuple[Notification, ...]]:
    recipient = await find_recipient(ports, tenant, recipient_id)
    if recipient is None:
        raise NotFound("recipient")
    return recipient, tuple(await ports.db.read(reading.list_notifications, tenant))
