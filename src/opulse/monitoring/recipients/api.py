"""``/api/v1/recipients``: secrets go in and never come out (a generated one is in the answer that made it, once)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from opulse.monitoring.recipients.flow import saving
from opulse.monitoring.recipients.flow.trying import try_saved
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    Channel,
    Header,
    Recipient,
    RecipientDraft,
    RecipientInUse,
    RecipientRefused,
    RecipientType,
    RequestMethod,
    Webhook,
)
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.wire.webhook import DEFAULT_BODY

router = APIRouter(prefix="/api/v1/recipients", tags=["recipients"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class HeaderBody(BaseModel):
    """``value`` null for a sensitive header: on the way in *keep it*, on the way out *not shown*."""

    name: str
    value: str | None = None
    sensitive: bool = False


class AuthenticationBody(BaseModel):
    """Secrets are write-only; null or absent keeps what is stored, and lets a new Signed Secret be generated."""

    type: AuthenticationType = AuthenticationType.OFF
    username: str = ""
    password: str | None = None
    secret: str | None = None


class RecipientBody(BaseModel):
    """*Add New Recipient*."""

    recipient_type: RecipientType = RecipientType.SYSTEM
    name: str
    connection: Channel
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    url: str = ""
    request_method: RequestMethod = RequestMethod.POST
    authentication: AuthenticationBody = Field(default_factory=AuthenticationBody)
    headers: list[HeaderBody] = []
    body: str = DEFAULT_BODY
    resolved_event: bool = Field(False, description="Tell this recipient too when the activation ends.")

    def draft(self) -> RecipientDraft:
        return RecipientDraft(
            recipient_type=self.recipient_type,
            name=self.name,
            channel=self.connection,
            email=self.email.strip() if self.connection is Channel.EMAIL else "",
            first_name=self.first_name,
            last_name=self.last_name,
            webhook=self._webhook() if self.connection is Channel.WEBHOOK else None,
            tell_end=self.resolved_event,
        )

    def _webhook(self) -> Webhook:
        proof = self.authentication
        return Webhook(
            url=self.url.strip(),
            method=self.request_method,
            authentication=Authentication(
                proof.type, proof.username, proof.password or None, proof.secret or None
            ),
            headers=tuple(Header(header.name, header.value, header.sensitive) for header in self.headers),
            body=self.body,
        )


class RecipientView(BaseModel):
    """A recipient as people may see it."""

    recipient_id: str
    recipient_type: RecipientType
    name: str
    connection: Channel
    email: str
    first_name: str
    last_name: str
    url: str
    request_method: RequestMethod | None
    authentication: AuthenticationBody | None
    headers: list[HeaderBody]
    body: str
    resolved_event: bool
    notifications_assigned: int
    created_at: AwareDatetime
    updated_at: AwareDatetime
    generated_secret: str | None = Field(None, description="Shown once, in the answer that made it.")


class RecipientList(BaseModel):
    recipients: list[RecipientView]


class TrialView(BaseModel):
    """What *Test Webhook* saw; ``status`` is null when no answer came."""

    delivered: bool
    status: int | None
    error: str
    seconds: float
    response: str
    body: str


@router.post("", operation_id="create_recipient", status_code=201)
async def post_recipient(given: RecipientBody, ports: PortsDep, caller: Editor) -> RecipientView:
    try:
        saved = await saving.create_recipient(ports, caller.tenant, caller.name, given.draft())
    except RecipientRefused as refused:
        raise _invalid(refused) from refused
    return _view(saved.recipient, saved.generated_secret)


@router.get("", operation_id="list_recipients")
async def list_recipients(ports: PortsDep, caller: Viewer) -> RecipientList:
    found = await saving.list_recipients(ports, caller.tenant)
    return RecipientList(recipients=[_view(recipient) for recipient in found])


@router.get("/{recipient_id}", operation_id="get_recipient")
async def get_recipient(recipient_id: str, ports: PortsDep, caller: Viewer) -> RecipientView:
    found = await saving.find_recipient(ports, caller.tenant, recipient_id)
    if found is None:
        raise NotFound("recipient")
    return _view(found)


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
    return _view(saved.recipient, saved.generated_secret)


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
    return TrialView(
        delivered=outcome.delivered,
        status=outcome.status,
        error=outcome.error,
        seconds=outcome.seconds,
        response=outcome.snippet,
        body=outcome.body,
    )


def _invalid(refused: RecipientRefused) -> Problem:
    problems = [
        {"where": problem.field, "reason": problem.fault.value, "what": problem.text}
        for problem in refused.problems
    ]
    return Problem(422, "the recipient cannot be saved", str(refused), errors=problems)


def _view(recipient: Recipient, generated_secret: str = "") -> RecipientView:
    webhook = recipient.webhook
    proof = webhook.authentication if webhook else None
    return RecipientView(
        recipient_id=recipient.id,
        recipient_type=recipient.recipient_type,
        name=recipient.name,
        connection=recipient.channel,
        email=recipient.email,
        first_name=recipient.first_name,
        last_name=recipient.last_name,
        url=webhook.url if webhook else "",
        request_method=webhook.method if webhook else None,
        authentication=AuthenticationBody(type=proof.type, username=proof.username) if proof else None,
        headers=[
            HeaderBody(name=header.name, value=header.value, sensitive=header.sensitive)
            for header in (webhook.headers if webhook else ())
        ],
        body=webhook.body if webhook else "",
        resolved_event=recipient.tell_end,
        notifications_assigned=recipient.assigned,
        created_at=recipient.created_at,
        updated_at=recipient.updated_at,
        generated_secret=generated_secret or None,
    )
