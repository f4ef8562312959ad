"""``/api/v1/groups``: named sets of systems."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from opulse.monitoring.systems.flow import groups as flow
from opulse.monitoring.systems.flow import systems as estate
from opulse.monitoring.systems.models import (
    MOST_MEMBERS,
    Group,
    GroupKind,
    GroupProblem,
    GroupRefused,
)
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/groups", tags=["groups"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
SystemIds = Annotated[list[str], Field(max_length=MOST_MEMBERS)]


class GroupBody(BaseModel):
    """A static group. Without ``members`` a change keeps those there are."""

    name: Name
    members: SystemIds | None = None


class MembersBody(BaseModel):
    add: SystemIds = []
    remove: SystemIds = []


class GroupView(BaseModel):
    """A group; ``size`` counts its systems."""

    group_id: str
    name: str
    kind: GroupKind
    size: int


class MemberView(BaseModel):
    system_id: str
    name: str


class GroupMembers(GroupView):
    """A group with a page of its systems. Ask on with ``after=next`` until ``next`` is null."""

    members: list[MemberView]
    next: int | None


class GroupList(BaseModel):
    groups: list[GroupView]


@router.get("", operation_id="list_groups")
async def list_groups(ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]) -> GroupList:
    """All groups; All Systems comes first."""
    return GroupList(groups=[_view(group) for group in await flow.list_groups(ports, caller.tenant)])


@router.post("", operation_id="create_group", status_code=201)
async def post_group(
    body: GroupBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> GroupView:
    """Make a static group."""
    try:
        return _view(
            await flow.create_group(ports, caller.tenant, body.name, body.members or [], caller.name)
        )
    except GroupRefused as error:
        raise refusal(error) from error


@router.get("/{group_id}", operation_id="get_group")
async def get_group(
    group_id: str,
    ports: PortsDep,
    caller: Annotated[Caller, Depends(api_viewer)],
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> GroupMembers:
    """A group and its systems, 1,000 at a time."""
    group = await flow.find_group(ports, caller.tenant, group_id)
    if group is None:
        raise NotFound("group")
    page = await estate.list_member_page(ports, caller.tenant, group.idx, after, limit)
    members = [MemberView(system_id=system.guid, name=system.name) for system in page.systems]
    return GroupMembers(**_view(group).model_dump(), members=members, next=page.next)


@router.put("/{group_id}", operation_id="change_group")
async def put_group(
    group_id: str, body: GroupBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> GroupView:
    """Rename a group and replace its systems."""
    try:
        changed = await flow.change_group(
            ports, caller.tenant, group_id, body.name, body.members, caller.name
        )
    except GroupRefused as error:
        raise refusal(error) from error
    return _found(changed)


@router.put("/{group_id}/members", operation_id="change_group_members")
async def put_members(
    group_id: str, body: MembersBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> GroupView:
    """Put systems in and take systems out; what is in both lists is out."""
    try:
        changed = await flow.change_members(
            ports, caller.tenant, group_id, body.add, body.remove, caller.name
        )
    except GroupRefused as error:
        raise refusal(error) from error
    return _found(changed)


@router.delete("/{group_id}", operation_id="delete_group", status_code=204)
async def delete_group(
    group_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_editor)]
) -> None:
    """Delete a static group. A notification that watches it counts nobody from then on."""
    try:
        found = await flow.delete_group(ports, caller.tenant, group_id, caller.name)
    except GroupRefused as error:
        raise refusal(error) from error
    if not found:
        raise NotFound("group")


_STATUS = {GroupProblem.NAME_TAKEN: 409, GroupProblem.BUILT_IN: 409, GroupProblem.UNKNOWN_SYSTEM: 422}
_SENTENCE = {
    GroupProblem.NAME_TAKEN: "Another group has this name; choose a different one.",
    GroupProblem.BUILT_IN: "All Systems always holds every system and cannot be changed.",
    GroupProblem.UNKNOWN_SYSTEM: "Some systems are unknown here; register them first or leave them out.",
}


def refusal(error: GroupRefused) -> Problem:
    """The answer for a group that was not made or changed."""
    return Problem(
        _STATUS[error.problem],
        "the group was not changed",
        _SENTENCE[error.problem],
        reason=error.problem.value,
        what=list(error.what),
    )


def _found(group: Group | None) -> GroupView:
    if group is None:
        raise NotFound("group")
    return _view(group)


def _view(group: Group) -> GroupView:
    return GroupView(group_id=group.guid, name=group.name, kind=group.kind, size=group.size)
