"""Mailing lists: made, filled, shared, their private data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from opulse.experience.directory import views
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_directory
from opulse.experience.directory.flow import lists as flow
from opulse.experience.directory.flow.reading import list_members_page
from opulse.experience.directory.models import ListKind, ListRefused, ListShare, MailingList, viewer_of
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["directory"])


class ListIn(BaseModel):
    """``private``: only the person who makes it, and whom they share it with, may see it."""

    name: str
    private: bool = False


class ListView(BaseModel):
    id: str
    directory: str
    name: str
    members: int
    kind: ListKind = ListKind.LIST
    owner: str = ""
    rule: str = ""
    refreshed_at: datetime | None = None
    expires_at: datetime | None = None


class MembersIn(BaseModel):
    contacts: list[str] = Field(max_length=10_000)


class PrivateRow(BaseModel):
    contact: str
    data: dict[str, Any]


class PrivateIn(BaseModel):
    """Data of members on this list alone; an empty text takes a value away."""

    members: list[PrivateRow] = Field(max_length=10_000)


class PrivateTaken(BaseModel):
    members: int


class MemberView(BaseModel):
    contact: str
    email: str
    unsubscribed: bool
    data: dict[str, Any]


class ShareView(BaseModel):
    person: str
    may_edit: bool = False


class SharesView(BaseModel):
    """``owner``: a person's id; empty: the list is everybody's."""

    owner: str
    shares: list[ShareView] = []


@router.post("/directories/{directory}/mailing-lists", operation_id="create_mailing_list", status_code=201)
async def post_list(directory: str, body: ListIn, ports: PortsDep, caller: Editor) -> ListView:
    owner = caller.user_id if body.private else ""
    if body.private and not owner:
        raise Problem(422, "not a valid mailing list", "a key is nobody: only a person has private lists")
    try:
        made = await flow.create_list(ports, caller.tenant, directory, body.name, caller.name, owner=owner)
    except LookupError as error:
        raise NotFound("directory") from error
    except ListRefused as error:
        raise Problem(422, "not a valid mailing list", str(error)) from error
    return list_view(made)


@router.get("/directories/{directory}/mailing-lists", operation_id="list_mailing_lists")
async def list_lists(directory: str, ports: PortsDep, caller: Viewer) -> list[ListView]:
    """Lists, segments and samples that the caller may see."""
    await find_directory(ports, caller, directory)
    found = await ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))
    return [list_view(one) for one in found]


@router.delete("/mailing-lists/{mailing_list}", operation_id="delete_mailing_list", status_code=204)
async def delete_list(mailing_list: str, ports: PortsDep, caller: Editor) -> None:
    """The contacts stay; who opted out of this list alone is forgotten with it."""
    with _refusals():
        await flow.delete_list(ports, caller.tenant, mailing_list, viewer_of(caller), caller.name)


@router.post("/mailing-lists/{mailing_list}/members", operation_id="add_list_members", status_code=204)
async def post_members(mailing_list: str, body: MembersIn, ports: PortsDep, caller: Editor) -> None:
    with _refusals():
        await flow.add_members(
            ports, caller.tenant, mailing_list, body.contacts, viewer_of(caller), caller.name
        )


@router.get("/mailing-lists/{mailing_list}/members", operation_id="list_list_members")
async def list_members(
    mailing_list: str,
    ports: PortsDep,
    caller: Viewer,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> list[MemberView]:
    """By contact id, from the one after ``after``, with the data that they have on this list alone."""
    await find_list(ports, caller, mailing_list)
    found = await ports.db.read(list_members_page, caller.tenant, mailing_list, after, limit)
    ids = [one.id for one, _ in found]
    private = await ports.db.read(views.list_private, caller.tenant, mailing_list, ids)
    return [
        MemberView(contact=one.id, email=one.email, unsubscribed=left, data=dict(private.get(one.id, {})))
        for one, left in found
    ]


@router.patch("/mailing-lists/{mailing_list}/members", operation_id="set_private_data")
async def patch_members(mailing_list: str, body: PrivateIn, ports: PortsDep, caller: Editor) -> PrivateTaken:
    rows = [(one.contact, one.data) for one in body.members]
    with _refusals():
        done = await flow.set_private_data(
            ports, caller.tenant, mailing_list, rows, viewer_of(caller), caller.name
        )
    return PrivateTaken(members=done)


@router.get("/mailing-lists/{mailing_list}/shares", operation_id="get_list_shares")
async def get_shares(mailing_list: str, ports: PortsDep, caller: Viewer) -> SharesView:
    found = await find_list(ports, caller, mailing_list)
    shares = await ports.db.read(views.list_shares_of, caller.tenant, mailing_list)
    return SharesView(
        owner=found.owner, shares=[ShareView(person=one.person, may_edit=one.may_edit) for one in shares]
    )


@router.put("/mailing-lists/{mailing_list}/shares", operation_id="set_list_shares")
async def put_shares(mailing_list: str, body: SharesView, ports: PortsDep, caller: Editor) -> SharesView:
    shares = [ListShare(one.person, one.may_edit) for one in body.shares]
    with _refusals():
        await flow.share_list(
            ports, caller.tenant, mailing_list, body.owner, shares, viewer_of(caller), caller.name
        )
    return body


async def find_list(ports: Ports, caller: Caller, mailing_list: str) -> MailingList:
    """The list of the address, if the caller may see it.

    Raises:
        NotFound: there is none that they may see.
    """
    found = await ports.db.read(views.find_list, caller.tenant, mailing_list, viewer_of(caller))
    if found is None:
        raise NotFound("mailing list")
    return found


def list_view(one: MailingList) -> ListView:
    """A list as JSON."""
    return ListView(**{name: getattr(one, name) for name in ListView.model_fields})


@contextmanager
def _refusals() -> Iterator[None]:
    """404 for a list that the caller may not see, 403 for one that they may not change."""
    try:
        yield
    except LookupError as error:
        raise NotFound("mailing list") from error
    except ListRefused as error:
        raise Problem(403, "not done", str(error)) from error
