"""Mailing lists: made, their members seen, added, taken off."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.experience.directory import Contact, Directory, MailingList, views
from opulse.experience.directory.flow.leaving import remove_member
from opulse.experience.directory.flow.lists import add_members, create_list
from opulse.experience.directory.flow.reading import find_keys_in, list_members_page
from opulse.experience.directory.pages.shared import (
    PAGE,
    Editor,
    PortsDep,
    Text,
    Viewer,
    find_directory,
    may_edit,
    sentence,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/lists")
KEYS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class ListsPage:
    """The mailing lists of a directory."""

    directory: Directory
    lists: tuple[MailingList, ...]
    may_edit: bool
    name: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list and a page of its members, each with whether they left it."""

    directory: Directory
    list: MailingList
    members: tuple[tuple[Contact, bool], ...]
    first: str
    next: str
    may_edit: bool
    keys: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_lists(directory: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The directory's mailing lists."""
    return await _lists(request, ports, caller, directory)


@router.post("")
async def save_list(
    directory: str, request: Request, ports: PortsDep, caller: Editor, name: Text = ""
) -> Response:
    """Make a mailing list."""
    await find_directory(ports, caller, directory)
    try:
        made = await create_list(ports, caller.tenant, directory, name, caller.name)
    except ValueError as error:
        return await _lists(request, ports, caller, directory, name, {"name": sentence(error)})
    return see_other(f"/directory/{directory}/lists/{made.id}", "The mailing list is made.")


@router.get("/{mailing_list}")
async def show_list(
    directory: str, mailing_list: str, request: Request, ports: PortsDep, caller: Viewer, after: str = ""
) -> Response:
    """The list's id and members."""
    return await _list(request, ports, caller, directory, mailing_list, after)


@router.post("/{mailing_list}/members")
async def save_members(
    directory: str, mailing_list: str, request: Request, ports: PortsDep, caller: Editor, keys: Text = ""
) -> Response:
    """Put contacts on the list, named by address, external reference or contact id."""
    found = await _find(ports, caller, directory, mailing_list)
    lines = keys.replace(",", "\n").replace(";", "\n").splitlines()
    wanted = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not wanted or len(wanted) > KEYS_MAX:
        errors = {"keys": f"Type 1 to {KEYS_MAX:,} addresses, external references or contact ids."}
        return await _list(request, ports, caller, directory, mailing_list, "", keys, errors)
    known, unknown = await ports.db.read(find_keys_in, caller.tenant, directory, wanted)
    await add_members(ports, caller.tenant, found.id, known, caller.name)
    if unknown:
        errors = {"keys": f"{len(known)} were added. Not in this directory: {', '.join(unknown[:20])}."}
        return await _list(request, ports, caller, directory, mailing_list, "", "\n".join(unknown), errors)
    return see_other(f"/directory/{directory}/lists/{mailing_list}", f"{len(known)} are on the list.")


@router.post("/{mailing_list}/members/{contact}/remove")
async def save_member_removal(
    directory: str, mailing_list: str, contact: str, ports: PortsDep, caller: Editor
) -> Response:
    """Take one contact off the list."""
    await _find(ports, caller, directory, mailing_list)
    if not await remove_member(ports, caller.tenant, mailing_list, contact, caller.name):
        raise NotFound("member")
    return see_other(f"/directory/{directory}/lists/{mailing_list}", "Taken off the list.")


async def _lists(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    name: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    folder = await find_directory(ports, caller, directory)
    found = await ports.db.read(views.list_lists, caller.tenant, directory)
    context = ListsPage(folder, tuple(found), may_edit(caller), name, errors or {})
    return await page(request, "directory/lists.html", context, 422 if errors else 200)


async def _list(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    mailing_list: str,
    after: str,
    keys: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    folder = await find_directory(ports, caller, directory)
    found = await _find(ports, caller, directory, mailing_list)
    rows = await ports.db.read(list_members_page, caller.tenant, mailing_list, after, PAGE + 1)
    shown = rows[:PAGE]
    address = f"/directory/{directory}/lists/{mailing_list}"
    following = f"{address}?after={shown[-1][0].id}" if len(rows) > PAGE else ""
    context = ListPage(
        folder, found, tuple(shown), address if after else "", following, may_edit(caller), keys, errors or {}
    )
    return await page(request, "directory/list.html", context, 422 if errors else 200)


async def _find(ports: Ports, caller: Caller, directory: str, mailing_list: str) -> MailingList:
    found = await ports.db.read(_with_count, caller.tenant, directory, mailing_list)
    if found is None:
        raise NotFound("mailing list")
    return found


def _with_count(conn: Connection, tenant: int, directory: str, mailing_list: str) -> MailingList | None:
    lists = views.list_lists(conn, tenant, directory)
    return next((one for one in lists if one.id == mailing_list), None)
