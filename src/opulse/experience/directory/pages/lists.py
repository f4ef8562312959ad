"""Mailing lists: made, their members seen, added, taken off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.directory import Contact, Directory, MailingList, views
from opulse.experience.directory.flow.leaving import remove_member
from opulse.experience.directory.flow.lists import (
    add_members,
    create_list,
    delete_list,
    find_editable_in,
    share_list,
)
from opulse.experience.directory.flow.reading import find_keys_in, list_members_page
from opulse.experience.directory.models import ListKind, ListRefused, ListShare, viewer_of
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
from opulse.tenancy.views import list_people
from opulse.web.access import NotAllowed
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
    private: bool = False
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
    private: Mapping[str, str]  # contact → what they have on this list alone
    people: tuple[tuple[str, str], ...]  # who may be given the list: id, name; empty: not by this caller
    shares: tuple[ListShare, ...]
    source: str
    keys: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def fills_itself(self) -> bool:
        return self.list.kind is not ListKind.LIST

    @property
    def shared_with(self) -> dict[str, bool]:
        return {one.person: one.may_edit for one in self.shares}


@router.get("")
async def show_lists(directory: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The directory's mailing lists."""
    return await _lists(request, ports, caller, directory)


@router.post("")
async def save_list(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    private: Text = "",
) -> Response:
    """Make a mailing list, for everybody or for the caller alone."""
    await find_directory(ports, caller, directory)
    owner = caller.user_id if private else ""
    try:
        made = await create_list(ports, caller.tenant, directory, name, caller.name, owner=owner)
    except ListRefused as error:
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
    try:
        await add_members(ports, caller.tenant, found.id, known, viewer_of(caller), caller.name)
    except ListRefused as error:
        errors = {"keys": sentence(error)}
        return await _list(request, ports, caller, directory, mailing_list, "", keys, errors)
    if unknown:
        errors = {"keys": f"{len(known)} were added. Not in this directory: {', '.join(unknown[:20])}."}
        return await _list(request, ports, caller, directory, mailing_list, "", "\n".join(unknown), errors)
    return see_other(f"/directory/{directory}/lists/{mailing_list}", f"{len(known)} are on the list.")


@router.post("/{mailing_list}/members/{contact}/remove")
async def save_member_removal(
    directory: str, mailing_list: str, contact: str, ports: PortsDep, caller: Editor
) -> Response:
    """Take one contact off the list."""
    found = await _find(ports, caller, directory, mailing_list)
    try:
        await ports.db.read(find_editable_in, caller.tenant, found.id, viewer_of(caller))
    except ListRefused as error:
        raise NotAllowed(str(error)) from error
    if not await remove_member(ports, caller.tenant, mailing_list, contact, caller.name):
        raise NotFound("member")
    return see_other(f"/directory/{directory}/lists/{mailing_list}", "Taken off the list.")


@router.post("/{mailing_list}/shares")
async def save_shares(
    directory: str, mailing_list: str, request: Request, ports: PortsDep, caller: Editor
) -> Response:
    """Whose the list is, and who else may see or change it."""
    await _find(ports, caller, directory, mailing_list)
    sent = await request.form(max_files=0)
    owner = str(sent.get("owner") or "")
    people = {one.id for one in await ports.db.read(list_people, caller.tenant)}
    edits = set(sent.getlist("edits"))
    shares = [
        ListShare(str(one), one in edits) for one in sent.getlist("sees") if one in people and one != owner
    ]
    try:
        await share_list(
            ports,
            caller.tenant,
            mailing_list,
            owner if owner in people else "",
            shares,
            viewer_of(caller),
            caller.name,
        )
    except ListRefused as error:
        raise NotAllowed(str(error)) from error
    return see_other(f"/directory/{directory}/lists/{mailing_list}", "Saved.")


@router.post("/{mailing_list}/delete")
async def save_list_deletion(directory: str, mailing_list: str, ports: PortsDep, caller: Editor) -> Response:
    """Delete the list; its contacts stay."""
    await _find(ports, caller, directory, mailing_list)
    try:
        await delete_list(ports, caller.tenant, mailing_list, viewer_of(caller), caller.name)
    except ListRefused as error:
        raise NotAllowed(str(error)) from error
    return see_other(f"/directory/{directory}/lists", "The list is deleted; its contacts stay.")


async def _lists(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    name: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    folder = await find_directory(ports, caller, directory)
    found = await ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))
    context = ListsPage(folder, tuple(found), may_edit(caller), name, errors=errors or {})
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
    viewer = viewer_of(caller)
    edits = may_edit(caller) and await ports.db.read(views.may_edit, caller.tenant, mailing_list, viewer)
    ids = [one.id for one, _ in shown]
    private = await ports.db.read(views.list_private, caller.tenant, mailing_list, ids)
    gives = edits and (viewer.sees_all or found.owner in ("", viewer.person))
    people = await ports.db.read(list_people, caller.tenant) if gives else []
    source = await ports.db.read(views.find_list, caller.tenant, found.source, viewer)
    context = ListPage(
        folder,
        found,
        tuple(shown),
        address if after else "",
        following,
        edits,
        {one: "; ".join(f"{name}: {value}" for name, value in data.items()) for one, data in private.items()},
        tuple((one.id, one.name or one.email) for one in people),
        tuple(await ports.db.read(views.list_shares_of, caller.tenant, mailing_list)),
        source.name if source else "",
        keys,
        errors or {},
    )
    return await page(request, "directory/list.html", context, 422 if errors else 200)


async def _find(ports: Ports, caller: Caller, directory: str, mailing_list: str) -> MailingList:
    lists = await ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))
    found = next((one for one in lists if one.id == mailing_list), None)
    if found is None:
        raise NotFound("mailing list")
    return found
