"""One recipient in the console: the form with *Test Webhook*. The list is a page of the notifications that tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from opulse.monitoring.recipients.flow import saving
from opulse.monitoring.recipients.flow.saving import SavedRecipient
from opulse.monitoring.recipients.flow.trying import try_draft
from opulse.monitoring.recipients.models import (
    AuthenticationType,
    BodyTemplate,
    Recipient,
    RecipientInUse,
    RecipientRefused,
    TrialOutcome,
)
from opulse.monitoring.recipients.pages.form import RecipientForm, errors_of, form_of, read_form
from opulse.monitoring.recipients.pages.secret import show_secret
from opulse.monitoring.recipients.presets import find_template, load_templates
from opulse.ports import Ports
from opulse.templating.variables import NOTIFICATION_VARIABLES
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound, Problem
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/recipients", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]

_PROOFS = (
    (AuthenticationType.OFF.value, AuthenticationType.OFF.value, "Nothing is added to the request."),
    (AuthenticationType.BASIC.value, AuthenticationType.BASIC.value, "User name and password in a header."),
    (
        AuthenticationType.SIGNED.value,
        AuthenticationType.SIGNED.value,
        "The receiver can tell that the body is ours and unchanged. A repeated request verifies too.",
    ),
    (
        AuthenticationType.STANDARD.value,
        AuthenticationType.STANDARD.value,
        "Time and body are signed, so an old request is refused. For receivers that follow standardwebhooks.com.",
    ),
)


@dataclass(frozen=True)
class RecipientPage:
    """Add New Recipient, or one that is saved. ``recipient`` None: a new one."""

    recipient: Recipient | None
    form: RecipientForm
    errors: Mapping[str, str]
    editing: bool
    may_edit: bool
    outcome: TrialOutcome | None
    shows_secret: bool  # it was generated a moment ago and is not saved yet
    now: datetime
    templates: tuple[BodyTemplate, ...] = field(default_factory=load_templates)
    proofs: tuple[tuple[str, str, str], ...] = _PROOFS
    variables: tuple[tuple[str, str], ...] = tuple(
        (name, kind.value) for name, kind in NOTIFICATION_VARIABLES.items()
    )

    @property
    def template_choices(self) -> tuple[tuple[str, str], ...]:
        return tuple((template.name, template.title) for template in self.templates)

    @property
    def template(self) -> BodyTemplate | None:
        """The one that the form was filled from."""
        return find_template(self.form.template)


@router.get("/new")
async def show_new(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Add New Recipient."""
    return await page(request, "recipients/edit.html", _context(ports, caller, None, RecipientForm()))


@router.post("/new")
async def save_new(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """A button of Add New Recipient."""
    return await _pressed(request, ports, caller, None)


@router.get("/{recipient_id}")
async def show_recipient(
    request: Request, recipient_id: str, ports: PortsDep, caller: Viewer, edit: bool = False
) -> Response:
    """One recipient, locked until it is unlocked."""
    found = await _found(ports, caller.tenant, recipient_id)
    context = _context(ports, caller, found, form_of(found), editing=edit and caller.may(Role.EDITOR))
    return await page(request, "recipients/edit.html", context)


@router.post("/{recipient_id}")
async def save_recipient(request: Request, recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """A button of its form. Saving dismisses no activation."""
    found = await _found(ports, caller.tenant, recipient_id)
    return await _pressed(request, ports, caller, found)


@router.post("/{recipient_id}/delete")
async def save_deleted(recipient_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Delete it, unless notifications tell it."""
    try:
        found = await saving.delete_recipient(ports, caller.tenant, caller.name, recipient_id)
    except RecipientInUse as used:
        return see_other(
            f"/recipients/{recipient_id}/notifications", f"It is {used}; take it off them first.", "amber"
        )
    if not found:
        raise NotFound("recipient")
    return see_other("/recipients", "The recipient was deleted.")


async def _pressed(request: Request, ports: Ports, caller: Caller, found: Recipient | None) -> Response:
    sent = await request.form()
    form, button = _with_shown_url(read_form(sent), found), str(sent.get("do", ""))
    errors: dict[str, str] = {}
    outcome = None
    try:
        if button == "save":
            return await _see_saved(request, await _save(ports, caller, found, form))
        if button == "test":
            draft = form.draft()
            outcome = await try_draft(ports, caller.tenant, found.id if found else "", draft)
            if outcome is None:
                errors = {"connection": "Only a webhook can be tested; select Webhook."}
    except RecipientRefused as refused:
        errors = errors_of(refused)
    except ValueError as error:
        raise Problem(422, "the form does not fit", str(error)) from error
    shown = form.pressed(button)
    context = _context(ports, caller, found, shown, errors, outcome, shows_secret=button == "generate")
    return await page(request, "recipients/edit.html", context, 422 if errors else 200)


async def _save(ports: Ports, caller: Caller, found: Recipient | None, form: RecipientForm) -> SavedRecipient:
    if found is None:
        return await saving.create_recipient(ports, caller.tenant, caller.name, form.draft())
    saved = await saving.change_recipient(ports, caller.tenant, caller.name, found.id, form.draft())
    if saved is None:
        raise NotFound("recipient")
    return saved


async def _see_saved(request: Request, saved: SavedRecipient) -> Response:
    """A generated secret is in this one answer: neither an address nor a cookie may carry it to another page."""
    if saved.generated_secret:
        return await show_secret(request, saved)
    if not saved.recipient.assigned:
        words = f"{saved.recipient.name} is saved. Tick the notifications that tell it; it can also wait."
        return see_other(f"/recipients/{saved.recipient.id}/notifications", words)
    return see_other("/recipients", f"{saved.recipient.name} is saved.")


def _with_shown_url(form: RecipientForm, found: Recipient | None) -> RecipientForm:
    """What is shown of a sensitive address comes from the store, never back from the browser."""
    if found is None or found.webhook is None or not found.webhook.url_sensitive:
        return form
    return replace(form, url_kept=found.webhook.url_shown)


def _context(
    ports: Ports,
    caller: Caller,
    found: Recipient | None,
    form: RecipientForm,
    errors: Mapping[str, str] | None = None,
    outcome: TrialOutcome | None = None,
    *,
    editing: bool = True,
    shows_secret: bool = False,
) -> RecipientPage:
    may_edit = caller.may(Role.EDITOR)
    now = ports.clock.now()
    return RecipientPage(found, form, errors or {}, editing, may_edit, outcome, shows_secret, now)


async def _found(ports: Ports, tenant: int, recipient_id: str) -> Recipient:
    found = await saving.find_recipient(ports, tenant, recipient_id)
    if found is None:
        raise NotFound("recipient")
    return found
