"""Mailing lists and who is on them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from opulse.experience.api_v3.api.contacts import ContactIn, change_contact, take_contact
from opulse.experience.api_v3.api.edge import Desk, DeskDep, IdPath, PageDep, V3Router, manages, reads, refuse
from opulse.experience.api_v3.api.finding import the_contact, the_directory, the_list
from opulse.experience.api_v3.api.spelling import list_shown, lookup_id, member_listed
from opulse.experience.api_v3.api.users import user_id
from opulse.experience.directory import Contact, views
from opulse.experience.directory.flow import lists as flow
from opulse.experience.directory.flow.leaving import remove_member
from opulse.experience.directory.flow.reading import list_members_page
from opulse.experience.directory.models import ListKind, ListRefused, MailingList, viewer_of
from opulse.web.access import Caller

router = V3Router()
Reads = Annotated[Caller, Depends(reads("mailing_lists"))]
Manages = Annotated[Caller, Depends(manages("mailing_lists"))]
ReadsMembers = Annotated[Caller, Depends(reads("mailing_list_contacts"))]
ManagesMembers = Annotated[Caller, Depends(manages("mailing_list_contacts"))]
BASE = "/directories/{directory}/mailinglists"
ONE = BASE + "/{mailing_list}"


class ListIn(BaseModel):
    """``ownerId`` is taken and not kept: a list made by a program is everybody's."""

    model_config = ConfigDict(alias_generator=to_camel)

    name: str
    owner_id: str | None = None
    prioritize_list_metadata: bool | None = None


class MemberIn(ContactIn):
    """A contact to put on the list; ``privateEmbeddedData`` is of its place on this list alone."""

    private_embedded_data: dict[str, Any] | None = None


class MemberChange(MemberIn):
    """What a PUT takes: nothing that only a GET says."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


@router.get(BASE, operation_id="v3_list_mailing_lists")
async def list_lists(directory: IdPath, desk: DeskDep, page: PageDep, caller: Reads) -> Response:
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))
    lists = sorted(
        (one for one in found if one.kind is ListKind.LIST and one.id > page.after), key=lambda one: one.id
    )
    shown, then = page.next_by_token(lists, lambda one: one.id)
    return desk.page([list_shown(one, _owner(one)) for one in shown], then)


@router.post(BASE, operation_id="v3_create_mailing_list")
async def post_list(directory: IdPath, body: ListIn, desk: DeskDep, caller: Manages) -> Response:
    await the_directory(desk, caller.tenant, directory)
    try:
        made = await flow.create_list(desk.ports, caller.tenant, directory, body.name, caller.name)
    except ListRefused as error:
        raise refuse(400, f"Missing or invalid parameter: name ({error})", "QVAL_1") from error
    return desk.ok({"id": made.id})


@router.get(ONE, operation_id="v3_get_mailing_list")
async def get_list(directory: IdPath, mailing_list: IdPath, desk: DeskDep, caller: Reads) -> Response:
    found = await the_list(desk, caller.tenant, directory, mailing_list, viewer_of(caller))
    lists = await desk.ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))
    counted = next((one for one in lists if one.id == found.id), found)
    return desk.ok(list_shown(counted, _owner(found)))


@router.put(ONE, operation_id="v3_edit_mailing_list")
async def put_list(
    directory: IdPath, mailing_list: IdPath, body: ListIn, desk: DeskDep, caller: Manages
) -> Response:
    """Another name; ``ownerId`` is taken and not kept, as of a POST."""
    await _editable(desk, caller, directory, mailing_list)
    try:
        await flow.rename_list(
            desk.ports, caller.tenant, mailing_list, body.name, viewer_of(caller), caller.name
        )
    except ListRefused as error:
        raise refuse(400, f"Missing or invalid parameter: name ({error})", "QVAL_1") from error
    return desk.done()


@router.delete(ONE, operation_id="v3_delete_mailing_list")
async def delete_list(directory: IdPath, mailing_list: IdPath, desk: DeskDep, caller: Manages) -> Response:
    await _editable(desk, caller, directory, mailing_list)
    await flow.delete_list(desk.ports, caller.tenant, mailing_list, viewer_of(caller), caller.name)
    return desk.done()


@router.get(ONE + "/contacts", operation_id="v3_list_members")
async def list_members(
    directory: IdPath,
    mailing_list: IdPath,
    desk: DeskDep,
    page: PageDep,
    caller: ReadsMembers,
    embedded: Annotated[bool, Query(alias="includeEmbedded")] = False,
) -> Response:
    """With ``includeEmbedded`` the data of the contact, and over it that of its place on the list."""
    await the_list(desk, caller.tenant, directory, mailing_list, viewer_of(caller))
    found = await desk.ports.db.read(list_members_page, caller.tenant, mailing_list, page.after, page.sought)
    shown, then = page.next_by_token(found, lambda one: one[0].id)
    ids = [one.id for one, _ in shown]
    private = (
        await desk.ports.db.read(views.list_private, caller.tenant, mailing_list, ids) if embedded else {}
    )
    return desk.page(
        [
            member_listed(
                one, left, embedded={**one.embedded, **private.get(one.id, {})} if embedded else None
            )
            for one, left in shown
        ],
        then,
    )


@router.post(ONE + "/contacts", operation_id="v3_create_member")
async def post_member(
    directory: IdPath, mailing_list: IdPath, body: MemberIn, desk: DeskDep, caller: ManagesMembers
) -> Response:
    await _editable(desk, caller, directory, mailing_list)
    number = await take_contact(desk, caller, directory, body, mailing_list)
    await _set_private(desk, caller, mailing_list, number, body)
    return desk.ok({"id": number, "contactLookupId": lookup_id(number)})


@router.get(ONE + "/contacts/{contact}", operation_id="v3_get_member")
async def get_member(
    directory: IdPath, mailing_list: IdPath, contact: IdPath, desk: DeskDep, caller: ReadsMembers
) -> Response:
    await the_list(desk, caller.tenant, directory, mailing_list, viewer_of(caller))
    found, left = await the_member(desk, caller, directory, mailing_list, contact)
    private = await desk.ports.db.read(views.list_private, caller.tenant, mailing_list, [found.id])
    return desk.ok(member_listed(found, left, embedded={**found.embedded, **private.get(found.id, {})}))


@router.put(ONE + "/contacts/{contact}", operation_id="v3_edit_member")
async def put_member(
    directory: IdPath,
    mailing_list: IdPath,
    contact: IdPath,
    body: MemberChange,
    desk: DeskDep,
    caller: ManagesMembers,
) -> Response:
    """``contactId``, ``contactLookupId`` and ``mailingListUnsubscribed`` are refused, as by the vendor."""
    await _editable(desk, caller, directory, mailing_list)
    found, _ = await the_member(desk, caller, directory, mailing_list, contact)
    await change_contact(desk, caller, found, body)
    await _set_private(desk, caller, mailing_list, found.id, body)
    return desk.done()


@router.delete(ONE + "/contacts/{contact}", operation_id="v3_remove_member")
async def delete_member(
    directory: IdPath, mailing_list: IdPath, contact: IdPath, desk: DeskDep, caller: ManagesMembers
) -> Response:
    """Off the list; the contact stays in the directory."""
    await _editable(desk, caller, directory, mailing_list)
    found, _ = await the_member(desk, caller, directory, mailing_list, contact)
    await remove_member(desk.ports, caller.tenant, mailing_list, found.id, caller.name)
    return desk.done()


async def _editable(desk: Desk, caller: Caller, directory: str, mailing_list: str) -> None:
    viewer = viewer_of(caller)
    await the_list(desk, caller.tenant, directory, mailing_list, viewer)
    try:
        await desk.ports.db.read(flow.find_editable_in, caller.tenant, mailing_list, viewer)
    except ListRefused as error:
        raise refuse(403, f"The operation is forbidden: {error}.", "QMST_2.1") from error


async def the_member(
    desk: Desk, caller: Caller, directory: str, mailing_list: str, contact: str
) -> tuple[Contact, bool]:
    """A contact on the list, and whether they opted out of it. Raises: Problem, 404 who is not on it."""
    found = await the_contact(desk, caller.tenant, directory, contact)
    left = await desk.ports.db.read(views.find_in_list, caller.tenant, mailing_list, found.id)
    if left is None:
        raise refuse(404, f"{contact} not found", "ESSG_2")
    return found, left


async def _set_private(desk: Desk, caller: Caller, mailing_list: str, contact: str, body: MemberIn) -> None:
    if not body.private_embedded_data:
        return
    rows = [(contact, body.private_embedded_data)]
    try:
        await flow.set_private_data(
            desk.ports, caller.tenant, mailing_list, rows, viewer_of(caller), caller.name
        )
    except ListRefused as error:
        raise refuse(400, f"Missing or invalid parameter: privateEmbeddedData ({error})", "QVAL_1") from error


def _owner(one: MailingList) -> str | None:
    return user_id(one.owner) if one.owner else None
