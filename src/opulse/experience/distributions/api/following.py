"""JSON routes of reminders, thank-yous and test mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from opulse.experience.distributions.flow import following, specimens
from opulse.experience.distributions.models import DistributionKind, FollowUpState, MessageSpec
from opulse.experience.distributions.models.following import FollowUp, FollowUpWish
from opulse.mail.models import MessageRefused
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["distributions"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class FollowUpBody(BaseModel):
    """A reminder so long after the invitation left, or a thank-you so long after the answer. Empty texts: our own words."""

    kind: Literal[DistributionKind.REMINDER, DistributionKind.THANK_YOU]
    after_minutes: int = Field(ge=5, le=60 * 24 * 60)
    subject: str = Field("", max_length=500)
    body: str = Field("", max_length=50_000)


class FollowUpView(BaseModel):
    """A planned round; its mails are the distribution ``child``, once somebody's time has come."""

    id: str
    kind: DistributionKind
    number: int
    after_minutes: int
    state: FollowUpState
    child: str
    subject: str
    created_by: str
    created_at: datetime


class TestMailBody(BaseModel):
    """Where to, and in which language of the survey (empty: its first)."""

    address: str = Field(min_length=3, max_length=320)
    language: str = Field("", max_length=20)


class SentView(BaseModel):
    """The relay's answer."""

    relay_code: int
    relay_text: str


class SpecimenView(BaseModel):
    """A mail with a made-up person's values."""

    subject: str
    html: str
    text: str
    language: str
    languages: list[str]


@router.get("/distributions/{distribution}/follow-ups", operation_id="list_follow_ups")
async def list_follow_ups(distribution: str, ports: PortsDep, caller: Viewer) -> list[FollowUpView]:
    try:
        found = await following.list_follow_ups(ports, caller.tenant, distribution)
    except LookupError as error:
        raise NotFound("distribution") from error
    return [_view(one) for one in found]


@router.post("/distributions/{distribution}/follow-ups", operation_id="plan_follow_up", status_code=201)
async def post_follow_up(
    distribution: str, body: FollowUpBody, ports: PortsDep, caller: Editor
) -> FollowUpView:
    wish = FollowUpWish(
        body.kind, timedelta(minutes=body.after_minutes), MessageSpec(subject=body.subject, body=body.body)
    )
    try:
        made = await following.plan_follow_up(ports, caller.tenant, distribution, wish, caller.name)
    except LookupError as error:
        raise NotFound("distribution") from error
    except following.NotFollowable as error:
        raise Problem(409, "not possible now", f"This cannot be planned: {error}.") from error
    return _view(made)


@router.delete(
    "/distributions/{distribution}/follow-ups/{follow_up}", operation_id="end_follow_up", status_code=204
)
async def delete_follow_up(distribution: str, follow_up: str, ports: PortsDep, caller: Editor) -> None:
    try:
        await following.end_follow_up(ports, caller.tenant, distribution, follow_up, caller.name)
    except LookupError as error:
        raise NotFound("follow-up") from error


@router.get("/distributions/{distribution}/specimen", operation_id="preview_mail")
async def get_specimen(
    distribution: str, ports: PortsDep, caller: Viewer, language: str = ""
) -> SpecimenView:
    try:
        made = await specimens.show_specimen(ports, caller.tenant, distribution, language)
    except LookupError as error:
        raise NotFound("distribution") from error
    except MessageRefused as error:
        raise Problem(422, "not writable", f"This mail cannot be written: {error}.") from error
    return SpecimenView(
        subject=made.subject,
        html=made.html,
        text=made.text,
        language=made.language,
        languages=list(made.languages),
    )


@router.post("/distributions/{distribution}/test-mail", operation_id="send_test_mail")
async def post_test_mail(distribution: str, body: TestMailBody, ports: PortsDep, caller: Editor) -> SentView:
    try:
        sent = await specimens.send_test(
            ports, caller.tenant, distribution, body.address, caller.name, body.language
        )
    except LookupError as error:
        raise NotFound("distribution") from error
    except specimens.NotSent as error:
        raise Problem(409, "not sent", f"The test mail did not leave: {error}.") from error
    return SentView(relay_code=sent.code or 0, relay_text=sent.text)


def _view(one: FollowUp) -> FollowUpView:
    return FollowUpView(
        id=one.id,
        kind=one.kind,
        number=one.number,
        after_minutes=round(one.after.total_seconds() / 60),
        state=one.state,
        child=one.child,
        subject=one.message.subject,
        created_by=one.created_by,
        created_at=one.created_at,
    )
