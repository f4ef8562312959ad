"""The list of groups, one group, and groups whose systems are chosen by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from opulse.monitoring.systems.flow import groups as flow
from opulse.monitoring.systems.flow import systems as estate
from opulse.monitoring.systems.models import MOST_MEMBERS, Group, GroupKind, GroupRefused, System
from opulse.monitoring.systems.pages.shared import (
    Editor,
    PortsDep,
    Text,
    Viewer,
    find_group,
    may_edit,
    sentence,
)
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(prefix="/groups")

PAGE_SIZE = 50


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
    return await page(request, "systems/groups.html", GroupListPage(groups, may_edit(caller)))


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
            errors["name"] = sentence(error)
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
    group = await find_group(ports, caller, group_id)
    return await _show(request, ports, caller, group, after)


@router.post("/{group_id}/name")
async def save_name(
    group_id: str, request: Request, caller: Editor, ports: PortsDep, name: Text = ""
) -> Response:
    """Rename a group."""
    group = await find_group(ports, caller, group_id)
    errors = {} if name.strip() else {"name": "A group has a name."}
    if not errors:
        try:
            await flow.change_group(ports, caller.tenant, group_id, name[:200], None, caller.name)
            return see_other(f"/groups/{group_id}", "Renamed.")
        except GroupRefused as error:
            errors["name"] = sentence(error)
    return await _show(request, ports, caller, group, 0, name=name, errors=errors)


@router.post("/{group_id}/add")
async def save_added(
    group_id: str, request: Request, caller: Editor, ports: PortsDep, systems: Text = ""
) -> Response:
    """Put the systems that were written down into the group."""
    group = await find_group(ports, caller, group_id)
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
    return await _change_members(ports, caller, await find_group(ports, caller, group_id), [], [system])


@router.post("/{group_id}/delete")
async def save_deleted(group_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Delete the group."""
    group = await find_group(ports, caller, group_id)
    try:
        await flow.delete_group(ports, caller.tenant, group_id, caller.name)
    except GroupRefused as error:
        return see_other(f"/groups/{group_id}", sentence(error), "red")
    return see_other("/groups", f"{group.name} is deleted.")


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
        may_edit=may_edit(caller) and group.kind is not GroupKind.ALL,
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
        return see_other(address, sentence(error), "red")
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
