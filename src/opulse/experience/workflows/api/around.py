"""Holds, sharing, notices."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from opulse.experience.workflows.api.shared import Editor, PortsDep, Viewer, open_workflow
from opulse.experience.workflows.flow import holding, notices, sharing
from opulse.experience.workflows.models import SHARE_NAMES, Hold, NoticeKind, ShareLevel
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["workflows"])


class HoldIn(BaseModel):
    """``from_at`` left out: now; ``until_at`` left out: until a person ends it."""

    name: str = Field(min_length=1, max_length=holding.NAME_LENGTH)
    from_at: datetime | None = None
    until_at: datetime | None = None


class HoldItem(BaseModel):
    """``workflow`` is empty where it holds all."""

    id: str
    workflow: str
    name: str
    from_at: datetime
    until_at: datetime | None
    author: str


class SharingBody(BaseModel):
    """``shares``: person → ``read``, ``run`` or ``edit``. ``private``: nobody else sees the workflow."""

    private: bool = False
    shares: dict[str, str] = {}


class SharingView(SharingBody):
    owner: str


class OwnerIn(BaseModel):
    person: str


class NoticesBody(BaseModel):
    """Whom to tell by mail, and of what."""

    kinds: list[NoticeKind] = []
    addresses: list[str] = Field(default=[], max_length=notices.ADDRESSES_MOST)


@router.get("/workflows/{workflow}/holds", operation_id="list_workflow_holds")
async def list_holds(workflow: str, ports: PortsDep, caller: Viewer) -> list[HoldItem]:
    """What holds its starts back now or will, those of all workflows included."""
    await open_workflow(ports, caller, workflow)
    return [_hold(one) for one in await holding.read_holds(ports, caller.tenant, workflow)]


@router.post("/workflows/{workflow}/holds", operation_id="hold_workflow", status_code=201)
async def post_hold(workflow: str, body: HoldIn, ports: PortsDep, caller: Editor) -> HoldItem:
    """Hold its starts back: events are taken, their runs wait."""
    await open_workflow(ports, caller, workflow, ShareLevel.RUN)
    try:
        made = await holding.add_hold(
            ports, caller.tenant, workflow, body.name, body.from_at, body.until_at, caller.name
        )
    except ValueError as error:
        raise Problem(422, "not a valid hold", str(error)) from error
    return _hold(made)


@router.delete("/workflows/{workflow}/holds/{hold}", operation_id="release_workflow", status_code=204)
async def delete_hold(workflow: str, hold: str, ports: PortsDep, caller: Editor) -> None:
    """End a hold of this workflow: what waits goes on."""
    await open_workflow(ports, caller, workflow, ShareLevel.RUN)
    try:
        await holding.end_hold(ports, caller.tenant, workflow, hold, caller.name)
    except LookupError as error:
        raise NotFound("hold") from error


@router.get("/workflows/{workflow}/sharing", operation_id="get_workflow_sharing")
async def get_sharing(workflow: str, ports: PortsDep, caller: Editor) -> SharingView:
    """Who may do what."""
    await open_workflow(ports, caller, workflow)
    found = await sharing.read_sharing(ports, caller.tenant, workflow)
    shares = {person: level.name.lower() for person, level in found.shares.items()}
    return SharingView(owner=found.owner, private=found.private, shares=shares)


@router.put("/workflows/{workflow}/sharing", operation_id="set_workflow_sharing", status_code=204)
async def put_sharing(workflow: str, body: SharingBody, ports: PortsDep, caller: Editor) -> None:
    """Replace who may do what. The owner stays."""
    await open_workflow(ports, caller, workflow, ShareLevel.OWNER)
    unknown = set(body.shares.values()) - set(SHARE_NAMES)
    if unknown:
        raise Problem(422, "not a valid sharing", f"a level is one of: {', '.join(SHARE_NAMES)}")
    levels = {person: SHARE_NAMES[name] for person, name in body.shares.items()}
    try:
        await sharing.set_sharing(ports, caller, workflow, body.private, levels)
    except ValueError as error:
        raise Problem(422, "not a valid sharing", str(error)) from error


@router.post("/workflows/{workflow}/owner", operation_id="hand_over_workflow", status_code=204)
async def post_owner(workflow: str, body: OwnerIn, ports: PortsDep, caller: Editor) -> None:
    """Hand it over to somebody else."""
    await open_workflow(ports, caller, workflow, ShareLevel.OWNER)
    try:
        await sharing.hand_over(ports, caller, workflow, body.person)
    except ValueError as error:
        raise Problem(422, "it is not handed over", str(error)) from error


@router.get("/workflows/{workflow}/notices", operation_id="get_workflow_notices")
async def get_notices(workflow: str, ports: PortsDep, caller: Editor) -> NoticesBody:
    """Who is told of failures."""
    await open_workflow(ports, caller, workflow)
    found = await notices.read_notices(ports, caller.tenant, workflow)
    return NoticesBody(kinds=list(found.kinds), addresses=list(found.addresses))


@router.put("/workflows/{workflow}/notices", operation_id="set_workflow_notices", status_code=204)
async def put_notices(workflow: str, body: NoticesBody, ports: PortsDep, caller: Editor) -> None:
    """Say who is told of failures."""
    await open_workflow(ports, caller, workflow, ShareLevel.OWNER)
    try:
        await notices.set_notices(ports, caller.tenant, workflow, body.kinds, body.addresses, caller.name)
    except ValueError as error:
        raise Problem(422, "not valid notices", str(error)) from error


def _hold(one: Hold) -> HoldItem:
    return HoldItem(
        id=one.id,
        workflow=one.workflow,
        name=one.name,
        from_at=one.from_at,
        until_at=one.until_at,
        author=one.author,
    )
