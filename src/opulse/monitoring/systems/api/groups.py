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
    """With ``rule`` a dynamic group, else a static one. Without ``members`` a change keeps those there are."""

    name: Name
    members: SystemIds | None = None
    rule: str | None = None


class RuleBody(BaseModel):
    """A filter as in ``platform = Windows and lastReported < 7d``."""

    rule: str


class MembersBody(BaseModel):
    add: SystemIds = []
    remove: SystemIds = []


class GroupView(BaseModel):
    """A group; ``size`` counts its systems, ``rule`` is the filter of a dynamic one."""

    group_id: str
    name: str
    kind: GroupKind
    size: int
    rule: str


class MemberView(BaseModel):
    system_id: str
    name: str


class GroupMembers(GroupView):
    """A group with a page of its systems. Ask on with ``after=next`` until ``next`` is null."""

    members: list[MemberView]
    next: int | None


class RuleMatches(BaseModel):
    """How many systems a filter is true of now, and the first 20 of them."""

    count: int
    first: list[MemberView]


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
    """Make a static group of systems, or a dynamic one that holds whatever its filter is true of."""
    if body.rule is not None and body.members is not None:
        raise Problem(422, "the group was not made", "Give a group members or a rule, not both.")
    try:
        if body.rule is not None:
            return _view(
                await flow.create_ruled_group(ports, caller.tenant, body.name, body.rule, caller.name)
            )
        return _view(
            await flow.create_group(ports, caller.tenant, body.name, body.members or [], caller.name)
        )
    except GroupRefused as error:
        raise refusal(error) from error


@router.post("/preview", operation_id="preview_group_rule")
async def post_preview(
    body: RuleBody, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> RuleMatches:
    """Which systems a filter is true of now. Changes nothing."""
    try:
        found = await flow.preview_rule(ports, caller.tenant, body.rule)
    except GroupRefused as error:
        raise refusal(error) from error
    first = [MemberView(system_id=system.guid, name=system.name) for system in found.first]
    return RuleMatches(count=found.count, first=first)


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
    """Rename a group and replace its systems, or the filter of a dynamic one."""
    try:
        if body.rule is not None:
            changed = await flow.change_rule(
                ports, caller.tenant, group_id, body.name, body.rule, caller.name
            )
        else:
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
    """Delete a group. One that a notification watches is refused; ``what`` names the notifications."""
    try:
        found = await flow.delete_group(ports, caller.tenant, group_id, caller.name)
    except GroupRefused as error:
        raise refusal(error) from error
    if not found:
        raise NotFound("group")


_STATUS = {GroupProblem.UNKNOWN_SYSTEM: 422, GroupProblem.BAD_RULE: 422}
_SENTENCE = {
    GroupProblem.NAME_TAKEN: "Another group has this name; choose a different one.",
    GroupProblem.BUILT_IN: "All Systems always holds every system and cannot be changed.",
    GroupProblem.UNKNOWN_SYSTEM: "Some systems are unknown here; register them first or leave them out.",
    GroupProblem.BAD_RULE: "The rule cannot be read.",
    GroupProblem.KEPT_BY_RULE: "The group holds what its rule is true of; change the rule.",
    GroupProblem.NO_RULE: "The group's systems were chosen by hand; make a new group for a rule.",
    GroupProblem.IN_USE: "Notifications watch this group; give them another group first.",
}


def refusal(error: GroupRefused) -> Problem:
    """The answer for a group that was not made or changed."""
    return Problem(
        _STATUS.get(error.problem, 409),
        "the group was not changed",
        error.what[0] if error.problem is GroupProblem.BAD_RULE else _SENTENCE[error.problem],
        reason=error.problem.value,
        what=list(error.what),
    )


def _found(group: Group | None) -> GroupView:
    if group is None:
        raise NotFound("group")
    return _view(group)


def _view(group: Group) -> GroupView:
    return GroupView(group_id=group.guid, name=group.name, kind=group.kind, size=group.size, rule=group.rule)
