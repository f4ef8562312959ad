"""Touchpoints of one contact, and whether they may be asked now, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from opulse.experience.directory import Contact
from opulse.experience.directory import views as directory_views
from opulse.experience.directory.models import RuleKind, RuleScope
from opulse.experience.footprint.flow.person import list_touchpoints, may_ask_in
from opulse.experience.footprint.models import Check, Obstacle, TouchKind
from opulse.experience.footprint.rules import read_cursor, write_cursor
from opulse.ports import Ports
from opulse.web.access import Caller, Role, api_editor, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/directories/{directory}/contacts/{contact}", tags=["directory"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]

OF_ANSWERS = (TouchKind.STARTED, TouchKind.ANSWERED)
"""A machine's key is not told who has answered, as in the list of invitations."""


class TouchpointView(BaseModel):
    """``of``: the id of the distribution, mailing list or activation; ``state``, ``reason``: as these are told elsewhere."""

    at: datetime
    kind: TouchKind
    what: str
    of: str
    state: str
    reason: str
    rule: str


class TouchpointsView(BaseModel):
    """Newest first. ``next`` is the ``before`` of the following page; empty at the end."""

    touchpoints: list[TouchpointView]
    next: str


class RuleOfCheck(BaseModel):
    id: str
    kind: RuleKind
    limit: int
    period_seconds: int
    scope: RuleScope
    target: str


class CheckView(BaseModel):
    """``holds``: it keeps us from asking now, until ``until`` (null: not by time alone).

    Of a suppressed address: by which rule, and since when.
    """

    obstacle: Obstacle
    holds: bool
    until: datetime | None
    rule: RuleOfCheck | None
    counted: int
    reason: str
    since: datetime | None


class MayAskView(BaseModel):
    """``from_when``: now, or when all that holds has ended; null: not by time alone."""

    now: bool
    from_when: datetime | None
    checks: list[CheckView]


@router.get("/touchpoints", operation_id="list_touchpoints")
async def list_of_contact(
    directory: str,
    contact: str,
    ports: PortsDep,
    caller: Editor,
    before: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TouchpointsView:
    await _find(ports, caller, directory, contact)
    try:
        place = read_cursor(before)
    except ValueError as error:
        raise Problem(422, "not a page", str(error)) from error
    without = OF_ANSWERS if caller.role is Role.INTEGRATION else ()
    found = await ports.db.read(
        list_touchpoints, caller.tenant, contact, before=place, limit=limit + 1, without=without
    )
    shown = found[:limit]
    return TouchpointsView(
        touchpoints=[
            TouchpointView(**{name: getattr(one, name) for name in TouchpointView.model_fields})
            for one in shown
        ],
        next=write_cursor(shown[-1].at, shown[-1].key) if len(found) > limit else "",
    )


@router.get("/may-be-asked", operation_id="explain_contact")
async def get_may_ask(
    directory: str,
    contact: str,
    ports: PortsDep,
    caller: Editor,
    survey: str = "",
    mailing_list: str = "",
) -> MayAskView:
    """Whether a sending of this survey to this list could ask the person now; each check, and until when it holds."""
    found = await _find(ports, caller, directory, contact)
    answer = await ports.db.read(
        may_ask_in, caller.tenant, found, ports.clock.now(), survey=survey, list_id=mailing_list
    )
    return MayAskView(
        now=answer.now, from_when=answer.from_when, checks=[_view(check) for check in answer.checks]
    )


def _view(check: Check) -> CheckView:
    rule = check.rule
    return CheckView(
        obstacle=check.obstacle,
        holds=check.holds,
        until=check.until,
        rule=None
        if rule is None
        else RuleOfCheck(**{name: getattr(rule, name) for name in RuleOfCheck.model_fields}),
        counted=check.counted,
        reason=check.reason,
        since=check.since,
    )


async def _find(ports: Ports, caller: Caller, directory: str, contact: str) -> Contact:
    found = await ports.db.read(directory_views.find_contact, caller.tenant, directory, contact)
    if found is None:
        raise NotFound("contact")
    return found
