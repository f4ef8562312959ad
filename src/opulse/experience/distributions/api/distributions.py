"""JSON routes of distributions: what became of everybody, and how to stop it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from opulse.experience.distributions.flow import reading, steering
from opulse.experience.distributions.flow.exporting import check_distribution, history_table
from opulse.experience.distributions.models import (
    Channel,
    Distribution,
    DistributionKind,
    DistributionState,
    Invitation,
    InvitationState,
    LinkType,
    RecipientStatus,
    WaitReason,
)
from opulse.experience.distributions.rules import count_statuses, decide_status
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.web.roles import Role

router = APIRouter(prefix="/api/v1", tags=["distributions"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class ReasonCount(BaseModel):
    """People in one state for one reason."""

    state: InvitationState
    reason: str
    people: int


class OutlookView(BaseModel):
    """What still waits, and when the last of it will have left at the relay's rate; null: the relay's limit is not known.

    ``too_late`` mails cannot leave before their time has passed.
    """

    mails: int
    per_minute: int | None
    seconds: float | None
    ends_at: datetime | None
    too_late: int


class DistributionView(BaseModel):
    """One distribution. ``waits`` says why nothing leaves; ``to_confirm`` people wait for a yes."""

    id: str
    name: str
    state: DistributionState
    waits: WaitReason | None
    survey: str
    version: int
    workflow: str
    activation: str
    link_type: LinkType
    channel: Channel
    mailing_list: str
    language: str
    subject: str
    confirmed_by: str
    created_at: datetime
    invitations: dict[InvitationState, int]
    reasons: list[ReasonCount]
    ambiguous: int
    to_confirm: int
    kind: DistributionKind
    parent: str
    statuses: dict[RecipientStatus, int]
    outlook: OutlookView


class InvitationView(BaseModel):
    """One invitation. ``first_name``, ``last_name`` and ``email`` are empty for callers who may not see names."""

    id: str
    contact: str
    first_name: str
    last_name: str
    email: str
    wave: int
    state: InvitationState
    reason: str
    rule: str
    language: str
    attempts: int
    ambiguous: bool
    relay_code: int
    relay_text: str
    asked_at: datetime
    send_by: datetime
    expires_at: datetime
    sent_at: datetime | None
    status: RecipientStatus
    of_invitation: str
    progress_at: datetime | None


class MailSwitch(BaseModel):
    """The tenant's mail switch."""

    paused: bool


@router.get("/distributions", operation_id="list_distributions")
async def list_distributions(
    ports: PortsDep,
    caller: Viewer,
    activation: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[DistributionView]:
    found = await reading.list_distributions(ports, caller.tenant, activation=activation, limit=limit)
    return [_view(ports, one) for one in found]


@router.get("/distributions/{distribution}", operation_id="get_distribution")
async def get_distribution(distribution: str, ports: PortsDep, caller: Viewer) -> DistributionView:
    return await _shown(ports, caller.tenant, distribution)


@router.get("/distributions/{distribution}/invitations", operation_id="list_invitations")
async def list_invitations(
    distribution: str,
    ports: PortsDep,
    caller: Viewer,
    state: Annotated[list[InvitationState] | None, Query()] = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[InvitationView]:
    try:
        found = await reading.list_invitations(
            ports, caller.tenant, distribution, states=state or (), after=after, limit=limit
        )
    except LookupError as error:
        raise NotFound("distribution") from error
    names = caller.may(Role.EDITOR)
    return [_invitation(one, names=names) for one in found]


@router.get(
    "/distributions/{distribution}/history.csv",
    operation_id="download_distribution_history",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_history_csv(distribution: str, ports: PortsDep, caller: Viewer) -> StreamingResponse:
    try:
        await check_distribution(ports, caller.tenant, distribution)
    except LookupError as error:
        raise NotFound("distribution") from error
    lines = history_table(ports, caller.tenant, distribution, names=caller.may(Role.EDITOR))
    named = {"Content-Disposition": f'attachment; filename="{distribution}.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=named)


@router.post("/distributions/{distribution}/pause", operation_id="pause_distribution")
async def post_pause(distribution: str, ports: PortsDep, caller: Editor) -> DistributionView:
    return await _steered(ports, caller, steering.pause(ports, caller.tenant, distribution, caller.name))


@router.post("/distributions/{distribution}/resume", operation_id="resume_distribution")
async def post_resume(distribution: str, ports: PortsDep, caller: Editor) -> DistributionView:
    return await _steered(ports, caller, steering.resume(ports, caller.tenant, distribution, caller.name))


@router.post("/distributions/{distribution}/cancel", operation_id="cancel_distribution")
async def post_cancel(distribution: str, ports: PortsDep, caller: Editor) -> DistributionView:
    return await _steered(ports, caller, steering.cancel(ports, caller.tenant, distribution, caller.name))


@router.post("/distributions/{distribution}/confirm", operation_id="confirm_distribution")
async def post_confirm(distribution: str, ports: PortsDep, caller: Editor) -> DistributionView:
    return await _steered(ports, caller, steering.confirm(ports, caller.tenant, distribution, caller.name))


@router.post("/mail-switch", operation_id="switch_mail")
async def post_mail_switch(body: MailSwitch, ports: PortsDep, caller: Editor) -> MailSwitch:
    changed = await steering.switch_mail(ports, caller.tenant, caller.name, paused=body.paused)
    return MailSwitch(paused=changed.mail_paused)


async def _steered(ports: Ports, caller: Caller, step: Awaitable[Distribution]) -> DistributionView:
    try:
        changed = await step
    except LookupError as error:
        raise NotFound("distribution") from error
    except steering.NotSteerable as error:
        raise Problem(409, "not possible now", f"This distribution cannot be changed so: {error}.") from error
    return await _shown(ports, caller.tenant, changed.id)


async def _shown(ports: Ports, tenant: int, distribution: str) -> DistributionView:
    try:
        return _view(ports, await reading.get_distribution(ports, tenant, distribution))
    except LookupError as error:
        raise NotFound("distribution") from error


def _view(ports: Ports, shown: reading.Shown) -> DistributionView:
    one, counts, outlook = shown.distribution, shown.counts, reading.outlook_of(ports, shown)
    return DistributionView(
        id=one.id,
        name=one.name,
        state=one.state,
        waits=shown.waits,
        survey=one.survey,
        version=one.version,
        workflow=one.workflow,
        activation=one.activation,
        link_type=one.link_type,
        channel=one.channel,
        mailing_list=one.list_id,
        language=one.language,
        subject=one.message.subject,
        confirmed_by=one.confirmed_by,
        created_at=one.created_at,
        invitations=dict(counts.by_state),
        reasons=[
            ReasonCount(state=state, reason=reason, people=people)
            for (state, reason), people in sorted(counts.by_reason.items())
        ],
        ambiguous=counts.ambiguous,
        to_confirm=counts.to_confirm,
        kind=one.kind,
        parent=one.parent,
        statuses=count_statuses(counts.by_standing),
        outlook=OutlookView(
            mails=outlook.mails,
            per_minute=outlook.per_minute,
            seconds=None if outlook.left is None else outlook.left.total_seconds(),
            ends_at=outlook.ends_at,
            too_late=outlook.too_late,
        ),
    )


def _invitation(one: Invitation, *, names: bool) -> InvitationView:
    return InvitationView(
        id=one.id,
        contact=one.contact,
        first_name=one.first_name if names else "",
        last_name=one.last_name if names else "",
        email=one.email if names else "",
        wave=one.wave,
        state=one.state,
        reason=one.reason,
        rule=one.rule,
        language=one.language,
        attempts=one.attempts,
        ambiguous=one.ambiguous,
        relay_code=one.relay_code,
        relay_text=one.relay_text if names else "",
        asked_at=one.asked_at,
        send_by=one.send_by,
        expires_at=one.expires_at,
        sent_at=one.sent_at,
        status=decide_status(one.state, one.reason, one.progress),
        of_invitation=one.of_invitation,
        progress_at=one.progress_at,
    )
