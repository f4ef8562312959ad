"""Segments and samples as JSON; what they hold is read as members of a mailing list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from opulse.experience.audiences.flow import samples, segments
from opulse.experience.audiences.models import RuleUnreadable, SampleRefused
from opulse.experience.directory import views as directory_views
from opulse.experience.directory.api.lists import ListView, list_view
from opulse.experience.directory.models import ListRefused, viewer_of
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["directory"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]


class SegmentIn(BaseModel):
    name: str
    rule: str


class RuleIn(BaseModel):
    rule: str


class MatchView(BaseModel):
    contact: str
    email: str


class MatchesView(BaseModel):
    """How many contacts the rule is true of now, and the first of them."""

    count: int
    first: list[MatchView]


class SampleIn(BaseModel):
    """``size``: ``200`` or ``10%``. ``source``: the id of a list or segment."""

    name: str
    source: str
    size: str


@router.post("/directories/{directory}/segments", operation_id="create_segment", status_code=201)
async def post_segment(directory: str, body: SegmentIn, ports: PortsDep, caller: Editor) -> ListView:
    """A job fills it; `refreshed_at` is set when that is done."""
    with _refusals("directory"):
        made = await segments.create_segment(
            ports, caller.tenant, directory, body.name, body.rule, caller.name
        )
    return list_view(made)


@router.post("/directories/{directory}/segments/preview", operation_id="preview_segment")
async def post_preview(directory: str, body: RuleIn, ports: PortsDep, caller: Editor) -> MatchesView:
    """Who would be in a segment of this rule. Nothing is written."""
    if await ports.db.read(directory_views.find_directory, caller.tenant, directory) is None:
        raise NotFound("directory")
    with _refusals("directory"):
        found = await segments.preview_rule(ports, caller.tenant, directory, body.rule)
    return MatchesView(
        count=found.count, first=[MatchView(contact=one.id, email=one.email) for one in found.first]
    )


@router.put("/segments/{mailing_list}", operation_id="change_segment")
async def put_segment(mailing_list: str, body: SegmentIn, ports: PortsDep, caller: Editor) -> ListView:
    with _refusals("segment"):
        changed = await segments.change_segment(
            ports, caller.tenant, mailing_list, body.name, body.rule, caller.name
        )
    return list_view(changed)


@router.post("/segments/{mailing_list}/refresh", operation_id="refresh_segment", status_code=202)
async def post_refresh(mailing_list: str, ports: PortsDep, caller: Editor) -> None:
    """Have the rule asked now."""
    with _refusals("segment"):
        await segments.ask_again(ports, caller.tenant, mailing_list)


@router.post("/directories/{directory}/samples", operation_id="draw_sample", status_code=201)
async def post_sample(directory: str, body: SampleIn, ports: PortsDep, caller: Editor) -> ListView:
    if await ports.db.read(directory_views.find_directory, caller.tenant, directory) is None:
        raise NotFound("directory")
    found = await ports.db.read(directory_views.find_list, caller.tenant, body.source, viewer_of(caller))
    if found is None or found.directory != directory:
        raise Problem(422, "not done", f"{body.source} is no list or segment of this directory")
    with _refusals("mailing list"):
        made = await samples.draw_sample(
            ports, caller.tenant, body.source, body.name, body.size, viewer_of(caller), caller.name
        )
    return list_view(made)


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    try:
        yield
    except LookupError as error:
        raise NotFound(what) from error
    except (ListRefused, RuleUnreadable, SampleRefused) as error:
        raise Problem(422, "not done", str(error)) from error
