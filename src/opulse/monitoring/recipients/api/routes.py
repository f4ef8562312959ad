"""The routes of ``/api/v1/recipients``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends

from opulse.monitoring.recipients.api.bodies import (
    RecipientBody,
    RecipientList,
    RecipientView,
    Rotation,
    TemplateList,
    TrialView,
    view_of,
    view_of_template,
    view_of_trial,
)
from opulse.monitoring.recipients.flow import saving
from opulse.monitoring.recipients.flow.disabling import disable_recipient, enable_recipient
from opulse.monitoring.recipients.flow.rotating import end_overlap, rotate_secret
from opulse.monitoring.recipients.flow.trying import try_draft, try_saved
from opulse.monitoring.recipients.models import Recipient, RecipientInUse, RecipientRefused
from opulse.monitoring.recipients.presets import load_templates
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/recipients", tags=["recipients"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


@router.post("", operation_id="create_recipient", status_code=201)
async def post_recipient(given: RecipientBody, ports: PortsDep, caller: Editor) -> RecipientView:
    try:
        saved = await saving.create_recipient(ports, caller.tenant, caller.name, given.draft())
    except RecipientRefused as refused:
        raise _invalid(refused) from refused
    return view_of(saved.recipient, saved.generated_secret)


@router.get("", operation_id="list_recipients")
async def list_recipients(ports: PortsDep, caller: Viewer) -> RecipientList:
    found = await saving.list_recipients(ports, caller.tenant)
    return RecipientList(recipients=[view_of(recipient) for recipient in found])


@router.get("/templates", operation_id="list_body_templates")
async def list_body_templates(caller: Viewer) -> TemplateList:
    """Ready bodies for chat and ticket tools, each with what its receiver needs beside it."""
    return TemplateList(templates=[view_of_template(template) for template in load_templates()])


@router.post("/test", operation_id="test_unsaved_recipient")
async def post_unsaved_test(given: RecipientBody, ports: PortsDep, caller: Editor) -> TrialView:
    """The same as the test of a saved recipient, before it is saved. Nothing is kept."""
    try:
        outcome = await try_draft(ports, caller.tenant, "", given.draft())
    except RecipientRefused as refused:
        raise _invalid(refused) from refused
    if outcome is None:
        raise Problem(422, "nothing to test", "Only a webhook can be tested; set connection to Webhook.")
    return view_of_trial(outcome)


@router.get("/{recipient_id}", operation_id="get_recipient")
async def get_recipient(recipient_id: str, ports: PortsDep, caller: Viewer) -> RecipientView:
    found = await saving.find_recipient(ports, caller.tenant, recipient_id)
    if found is None:
        raise NotFound("recipient")
    return view_of(found)


@router.put("/{recipient_id}", operation_id="change_recipient")
async def put_recipient(
    recipient_id: str, given: RecipientBody, ports: PortsDep, caller: Editor
) -> RecipientView:
    try:
        saved = await saving.change_recipient(ports, caller.tenant, caller.name, recipient_id, given.draft())
    except RecipientRefused as refused:
        raise _invalid(refused) from refused
    if saved is None:
        raise NotFound("recipient")
    return view_of(saved.recipient, saved.generated_secret)


@router.delete("/{recipient_id}", operation_id="delete_recipient", status_code=204)
async def delete_recipient(recipient_id: str, ports: PortsDep, caller: Editor) -> None:
    try:
        found = await saving.delete_recipient(ports, caller.tenant, caller.name, recipient_id)
    except RecipientInUse as used:
        detail = f"The recipient is {used}; take it off them first."
        raise Problem(409, "recipient in use", detail, notifications=used.count) from used
    if not found:
        raise NotFound("recipient")


@router.post("/{recipient_id}/test", operation_id="test_recipient")
async def post_test(recipient_id: str, ports: PortsDep, caller: Editor) -> TrialView:
    """Send sample values with a fresh activation id and the header ``X-Test: 1``; no activation is made."""
    outcome = await try_saved(ports, caller.tenant, recipient_id)
    if outcome is None:
        raise NotFound("webhook recipient")
    return view_of_trial(outcome)


@router.post("/{recipient_id}/rotate-secret", operation_id="rotate_recipient_secret")
async def post_rotation(recipient_id: str, given: Rotation, ports: PortsDep, caller: Editor) -> RecipientView:
    """Make a new secret, shown in this answer only; the old one signs too until ``old_secret_until``."""
    overlap = timedelta(hours=given.overlap_hours)
    try:
        saved = await rotate_secret(ports, caller.tenant, caller.name, recipient_id, overlap)
    except RecipientRefused as refused:
        raise _invalid(refused, "the secret cannot be rotated now", 409) from refused
    if saved is None:
        raise NotFound("recipient")
    return view_of(saved.recipient, saved.generated_secret)


@router.post("/{recipient_id}/end-overlap", operation_id="end_recipient_overlap")
async def post_overlap_end(recipient_id: str, ports: PortsDep, caller: Editor) -> RecipientView:
    """The old secret ends now: the receiver has the new one."""
    return _shown(await end_overlap(ports, caller.tenant, caller.name, recipient_id))


@router.post("/{recipient_id}/enable", operation_id="enable_recipient")
async def post_enabled(recipient_id: str, ports: PortsDep, caller: Editor) -> RecipientView:
    """It is told again. What failed meanwhile can be sent again."""
    return _shown(await enable_recipient(ports, caller.tenant, caller.name, recipient_id))


@router.post("/{recipient_id}/disable", operation_id="disable_recipient")
async def post_disabled(recipient_id: str, ports: PortsDep, caller: Editor) -> RecipientView:
    """Nothing is sent to it until somebody enables it."""
    return _shown(await disable_recipient(ports, caller.tenant, caller.name, recipient_id))


def _shown(found: Recipient | None) -> RecipientView:
    if found is None:
        raise NotFound("recipient")
    return view_of(found)


def _invalid(
    refused: RecipientRefused, title: str = "the recipient cannot be saved", status: int = 422
) -> Problem:
    problems = [
        {"where": problem.field, "reason": problem.fault.value, "what": problem.text}
        for problem in refused.problems
    ]
    return Problem(status, title, str(refused), errors=problems)
