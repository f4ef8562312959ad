"""``GET /api/sensornotifications/activations/{id}/systems/...``: the product's own wire, in the form of systrack.md 5.4."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from opulse.monitoring.activations.flow.affected import PATH, PageAsked, find_tag, list_affected
from opulse.monitoring.activations.models import WhichSystems
from opulse.ports import Ports
from opulse.web.access import Caller, ports_of, systems_reader
from opulse.web.errors import NotFound
from opulse.wire.affected import MAX_PAGE, encode_page

router = APIRouter(prefix=PATH, tags=["SysTrack"])

PortsDep = Annotated[Ports, Depends(ports_of)]
CallerDep = Annotated[Caller, Depends(systems_reader)]
Top = Annotated[int, Query(alias="$top", ge=1, description="Systems per page; above 1,000 counts as 1,000.")]
Skip = Annotated[int, Query(alias="$skip", ge=0)]
SkipToken = Annotated[
    int, Query(alias="$skiptoken", ge=-1, le=2**32 - 1, description="From a nextLink; opaque.")
]


@router.get("/{activation_id}/systems/{which}", operation_id="systrack_list_affected_systems")
async def get_affected(
    activation_id: str,
    which: WhichSystems,
    ports: PortsDep,
    caller: CallerDep,
    top: Top = MAX_PAGE,
    skip: Skip = 0,
    after: SkipToken = -1,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """Systems affected at activation, or now (at dismissal, once it ended), with their users as of that moment.

    The first page has a weak ETag for the set of systems; 304 to a sender who has it: nobody joined or left since.
    """
    asked = PageAsked(min(top, MAX_PAGE), skip, after)
    headers = {"Cache-Control": "no-store"}
    if not skip and after < 0:
        # before the page: should the set change in between, the tag is the older one, and the next look reads everything
        headers["ETag"] = await find_tag(ports, caller.tenant, activation_id, which)
        if headers["ETag"] and headers["ETag"] in (tag.strip() for tag in if_none_match.split(",")):
            return Response(status_code=304, headers=headers)
    page = await list_affected(ports, caller.tenant, activation_id, which, asked)
    if page is None:
        raise NotFound("activation")
    return Response(encode_page(page), media_type="application/json", headers=headers)
