"""A generated secret, shown once; its rotation; and switching a recipient off and on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.monitoring.recipients.flow.disabling import disable_recipient, enable_recipient
from opulse.monitoring.recipients.flow.rotating import end_overlap, rotate_secret
from opulse.monitoring.recipients.flow.saving import SavedRecipient
from opulse.monitoring.recipients.models import Authentication, Recipient, RecipientRefused
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/recipients", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]


@dataclass(frozen=True)
class SecretPage:
    """A generated secret, shown this once."""

    recipient: Recipient
    proof: Authentication
    secret: str


async def show_secret(request: Request, saved: SavedRecipient) -> Response:
    """The one answer that carries it."""
    assert saved.recipient.webhook is not None
    proof = saved.recipient.webhook.authentication
    context = SecretPage(saved.recipient, proof, saved.generated_secret)
    return await page(request, "recipients/secret.html", context)


@router.post("/{recipient_id}/rotate-secret")
async def save_rotated(
    request: Request, recipient_id: str, ports: PortsDep, caller: Editor, hours: Annotated[int, Form()] = 24
) -> Response:
    """A new secret; the old one signs too for as long as was chosen."""
    try:
        saved = await rotate_secret(ports, caller.tenant, caller.name, recipient_id, timedelta(hours=hours))
    except (RecipientRefused, OverflowError) as refused:
        return see_other(f"/recipients/{recipient_id}", str(refused), "amber")
    if saved is None:
        raise NotFound("recipient")
    return await show_secret(request, saved)


@router.post("/{recipient_id}/end-overlap")
async def save_overlap_ended(recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """The old secret ends now."""
    _found(await end_overlap(ports, caller.tenant, caller.name, recipient_id))
    return see_other(f"/recipients/{recipient_id}", "Only the new secret signs from now on.")


@router.post("/{recipient_id}/enable")
async def save_enabled(recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """It is told again."""
    found = _found(await enable_recipient(ports, caller.tenant, caller.name, recipient_id))
    return see_other(f"/recipients/{recipient_id}", f"{found.name} is told again.")


@router.post("/{recipient_id}/disable")
async def save_disabled(recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Nothing is sent to it."""
    found = _found(await disable_recipient(ports, caller.tenant, caller.name, recipient_id))
    return see_other(f"/recipients/{recipient_id}", f"Nothing is sent to {found.name} until it is enabled.")


def _found(recipient: Recipient | None) -> Recipient:
    if recipient is None:
        raise NotFound("recipient")
    return recipient
