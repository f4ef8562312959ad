"""Groups in the console. The pages of systems show what is triggered on them, so they stand downstream, in ``sensors.pages``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from opulse.monitoring.systems.flow import groups as flow
from opulse.monitoring.systems.flow import systems as estate
from opulse.monitoring.systems.models import (
    MOST_MEMBERS,
    Group,
    GroupKind,
    GroupProblem,
    GroupRefused,
    System,
)
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/groups", include_in_schema=False)

PAGE_SIZE = 50

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class GroupListPage:
    """All groups of the tenant."""

    groups: list[Group]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class NewGroupPage:
    """The form for a new group; ``errors`` maps a field to its sentence."""

    name: str = ""
    systems: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One group and a page of its systems. ``systems`` and ``name`` are what was typed, ``errors`` what is wrong with it."""

    group: Group
    members: list[System]
    after: int
    next: int | None
    may_edit: bool
    name: str
    systems: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_groups(request: Request, caller: Viewer, ports: PortsDep) -> Response:
    """All groups, All Systems first."""
    groups = await flow.list_groups(ports, caller.tenant)
    return await page(request, "systems/groups.html", GroupListPage(groups, _may_edit(caller)))


@router.get("/new")
async def show_new(request: Request, caller: Editor) -> Response:
    """The form for a new group."""
    return await page(request, "systems/new_group.html", NewGroupPage())


@router.post("/new")
async def save_new(
    request: Request, caller: Editor, ports: PortsDep, name: Text = "", systems: Text = ""
) -> Response:
    """Make a group of the systems that were written down."""
    errors = {} if name.strip() else {"name": "Give the group a name, so that a notification can watch it."}
    guids = await _read_systems(ports, caller, systems, errors)
    if not errors:
        try:
            made = await flow.create_group(ports, caller.tenant, name[:200], guids, caller.name)
            return see_other(f"/groups/{made.guid}", f"The group holds {made.size} systems.")
        except GroupRefused as error:
            errors["name"] = _SENTENCES[error.problem]
    return await page(request, "systems/new_group.html", NewGroupPage(name, systems, errors), 422)


@router.get("/{group_id}")
async def show_group(
    group_id: str,
    request: Request,
    caller: Viewer,
    ports: PortsDep,
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """One group and its systems."""
    group = await _find(ports, caller, group_id)
    return await _show(request, ports, caller, group, after)


@router.post("/{group_id}/name")
async def save_name(
    group_id: str, request: Request, caller: Editor, ports: PortsDep, name: Text = ""
) -> Response:
    """Rename a group."""
    group = await _find(ports, caller, group_id)
    errors = {} if name.strip() else {"name": "A group has a name."}
    if not errors:
        try:
            await flow.change_group(ports, caller.tenant, group_id, name[:200], None, caller.name)
            return see_other(f"/groups/{group_id}", "Renamed.")
        except GroupRefused as error:
            errors["name"] = _SENTENCES[error.problem]
    return await _show(request, ports, caller, group, 0, name=name, errors=errors)


@router.post("/{group_id}/add")
async def save_added(
    group_id: str, request: Request, caller: Editor, ports: PortsDep, systems: Text = ""
) -> Response:
    """Put the systems that were written down into the group."""
    group = await _find(ports, caller, group_id)
    errors: dict[str, str] = {}
    guids = await _read_systems(ports, caller, systems, errors)
    if not guids and not errors:
        errors["systems"] = "Write down at least one system."
    if errors:
        return await _show(request, ports, caller, group, 0, systems=systems, errors=errors)
    return await _change_members(ports, caller, group, guids, [])


@router.post("/{group_id}/remove")
async def save_removed(group_id: str, caller: Editor, ports: PortsDep, system: Text) -> Response:
    """Take one system out of the group."""
    return await _change_members(ports, caller, await _find(ports, caller, group_id), [], [system])


@router.post("/{group_id}/delete")
async def save_deleted(group_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Delete the group."""
    group = await _find(ports, caller, group_id)
    try:
        await flow.delete_group(ports, caller.tenant, group_id, caller.name)
    except GroupRefused as error:
        return see_other(f"/groups/{group_id}", _SENTENCES[error.problem], "red")
    return see_other("/groups", f"{group.name} is deleted.")


_SENTENCES = {
    GroupProblem.NAME_TAKEN: "Another group has this name; choose a different one.",
    GroupProblem.BUILT_IN: "All Systems always holds every system and cannot be changed.",
    GroupProblem.UNKNOWN_SYSTEM: "A system was deleted meanwhile; look again.",
}


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    group: Group,
    after: int,
    *,
    name: str | None = None,
    systems: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    members = await estate.list_member_page(ports, caller.tenant, group.idx, after, PAGE_SIZE)
    context = GroupPage(
        group=group,
        members=members.systems,
        after=after,
        next=members.next,
        may_edit=_may_edit(caller) and group.kind is GroupKind.STATIC,
        name=group.name if name is None else name,
        systems=systems,
        errors=errors or {},
    )
    return await page(request, "systems/group.html", context, 422 if errors else 200)


async def _change_members(
    ports: Ports, caller: Caller, group: Group, add: list[str], remove: list[str]
) -> Response:
    address = f"/groups/{group.guid}"
    try:
        changed = await flow.change_members(ports, caller.tenant, group.guid, add, remove, caller.name)
    except GroupRefused as error:
        return see_other(address, _SENTENCES[error.problem], "red")
    size = 0 if changed is None else changed.size
    return see_other(address, f"The group holds {size} systems now.")


async def _read_systems(ports: Ports, caller: Caller, typed: str, errors: dict[str, str]) -> list[str]:
    """GUIDs of the systems written one per line or with commas between; what is wrong goes into ``errors``."""
    words = list(
        dict.fromkeys(word.strip() for word in typed.replace(",", "\n").splitlines() if word.strip())
    )
    if len(words) > MOST_MEMBERS:
        errors["systems"] = f"At most {MOST_MEMBERS} systems at once; use the API for more."
        return []
    guids, unclear = await estate.find_named(ports, caller.tenant, words)
    if unclear:
        shown = ", ".join(unclear[:10]) + (f" and {len(unclear) - 10} more" if len(unclear) > 10 else "")
        errors["systems"] = f"These are no system, or several of one name: {shown}"
    return guids


async def _find(ports: Ports, caller: Caller, guid: str) -> Group:
    group = await flow.find_group(ports, caller.tenant, guid)
    if group is None:
        raise NotFound("group")
    return group


def _may_edit(caller: Caller) -> bool:
    return caller.may(*needs_editor.roles)
