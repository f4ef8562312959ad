"""Directories and their contacts."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from opulse.experience.api_v3.api.edge import Desk, DeskDep, IdPath, PageDep, V3Router, manages, reads, refuse
from opulse.experience.api_v3.api.finding import the_contact, the_directory
from opulse.experience.api_v3.api.spelling import (
    ContactShown,
    ListMembership,
    SegmentMembership,
    contact_listed,
    in_ms,
    lookup_id,
    ms_or_none,
    texts,
)
from opulse.experience.api_v3.api.users import user_id
from opulse.experience.directory import Contact, views
from opulse.experience.directory.flow import people
from opulse.experience.directory.flow.leaving import Subscription, set_opt_out
from opulse.experience.directory.flow.reading import find_keys_in, lists_of_contact
from opulse.experience.directory.models import ListKind, SubscriptionOrigin, viewer_of
from opulse.web.access import Caller

router = V3Router()
Reads = Annotated[Caller, Depends(reads("directory_contacts"))]
Manages = Annotated[Caller, Depends(manages("directory_contacts"))]
WithEmbedded = Annotated[bool, Query(alias="includeEmbedded")]
_COLUMNS = ("first_name", "last_name", "email", "phone", "ext_ref", "language")


class DirectoryListed(TypedDict):
    directoryId: str
    name: str | None
    contactCount: int
    isDefault: bool
    deduplicationCriteria: dict[str, bool]


class ContactIn(BaseModel):
    """Fields of a contact; what is absent stays as it is, and an explicit null empties a text."""

    model_config = ConfigDict(alias_generator=to_camel)

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    ext_ref: str | None = None
    language: str | None = None
    unsubscribed: bool | None = None
    embedded_data: dict[str, Any] | None = None

    def fields(self) -> dict[str, str]:
        """Our columns of what was sent."""
        return {name: getattr(self, name) or "" for name in _COLUMNS if name in self.model_fields_set}


@router.get("/directories", operation_id="v3_list_directories")
async def list_directories(
    desk: DeskDep, page: PageDep, caller: Annotated[Caller, Depends(reads("directories"))]
) -> Response:
    found = await desk.ports.db.read(views.list_directories, caller.tenant)
    shown, then = page.cut(found)
    elements: list[DirectoryListed] = []
    for one in shown:  # a tenant has a handful
        rules = await desk.ports.db.read(views.find_merge_rules, caller.tenant, one.id)
        named = {name for rule in rules for name in rule}
        elements.append(
            {
                "directoryId": one.id,
                "name": one.name or None,
                "contactCount": await desk.ports.db.read(views.count_contacts, caller.tenant, one.id),
                "isDefault": one.is_default,
                "deduplicationCriteria": {
                    "email": "email" in named,
                    "firstName": "first_name" in named,
                    "lastName": "last_name" in named,
                    "externalDataReference": "ext_ref" in named,
                    "phone": "phone" in named,
                },
            }
        )
    return desk.page(elements, then)


@router.get("/directories/{directory}/contacts", operation_id="v3_list_contacts")
async def list_contacts(
    directory: IdPath, desk: DeskDep, page: PageDep, caller: Reads, embedded: WithEmbedded = False
) -> Response:
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(
        views.list_contacts, caller.tenant, directory, after=page.after, limit=page.sought
    )
    shown, then = page.next_by_token(found, lambda one: one.id)
    return desk.page(
        [contact_listed(one, embedded=one.embedded if embedded else None) for one in shown], then
    )


@router.post("/directories/{directory}/contacts", operation_id="v3_create_contact")
async def post_contact(directory: IdPath, body: ContactIn, desk: DeskDep, caller: Manages) -> Response:
    """Somebody whom the directory knows by external reference or address is updated: their id is answered."""
    await the_directory(desk, caller.tenant, directory)
    return desk.ok({"id": await take_contact(desk, caller, directory, body)})


@router.get("/directories/{directory}/contacts/{contact}", operation_id="v3_get_contact")
async def get_contact(directory: IdPath, contact: IdPath, desk: DeskDep, caller: Reads) -> Response:
    found = await the_contact(desk, caller.tenant, directory, contact)
    return desk.ok(await _shown(desk, caller, found))


@router.put("/directories/{directory}/contacts/{contact}", operation_id="v3_edit_contact")
async def put_contact(
    directory: IdPath, contact: IdPath, body: ContactIn, desk: DeskDep, caller: Manages
) -> Response:
    found = await the_contact(desk, caller.tenant, directory, contact)
    await change_contact(desk, caller, found, body)
    return desk.done()


@router.delete("/directories/{directory}/contacts/{contact}", operation_id="v3_delete_contact")
async def delete_contact(directory: IdPath, contact: IdPath, desk: DeskDep, caller: Manages) -> Response:
    found = await the_contact(desk, caller.tenant, directory, contact)
    await people.delete_contact(desk.ports, caller.tenant, directory, found.id, actor=caller.name)
    return desk.done()


async def take_contact(
    desk: Desk, caller: Caller, directory: str, body: ContactIn, mailing_list: str = ""
) -> str:
    """Add a contact, and to a list where one is named; returns its id. Raises: Problem, 400 with what would mend it."""
    row = body.fields() | {"unsubscribed": bool(body.unsubscribed), "embedded_data": body.embedded_data or {}}
    taken = await people.import_contacts(
        desk.ports,
        caller.tenant,
        directory,
        [row],
        list_id=mailing_list,
        raise_events=True,
        actor=caller.name,
    )
    if taken.refused:
        raise refuse(400, f"Invalid contact: {taken.refused[0].reason}", "QVAL_1")
    key = str(row.get("ext_ref") or row.get("email")).strip()
    found, _ = await desk.ports.db.read(find_keys_in, caller.tenant, directory, [key])
    return found[0]


async def change_contact(desk: Desk, caller: Caller, found: Contact, body: ContactIn) -> None:
    """Write the fields that were sent; embedded data merges by key. Raises: Problem."""
    try:
        await people.edit_contact(
            desk.ports,
            caller.tenant,
            found.directory,
            found.id,
            body.fields(),
            body.embedded_data or {},
            actor=caller.name,
        )
    except people.ContactProblem as error:
        raise refuse(400, f"Invalid contact: {error}", "QVAL_1") from error
    if body.unsubscribed is not None and body.unsubscribed != found.unsubscribed:
        wanted = Subscription(body.unsubscribed, SubscriptionOrigin.API, caller.name)
        await set_opt_out(desk.ports, caller.tenant, found.directory, found.id, wanted)


async def _shown(desk: Desk, caller: Caller, one: Contact) -> ContactShown:
    opt_out = await desk.ports.db.read(views.find_opt_out, caller.tenant, one.id)
    lists = await desk.ports.db.read(lists_of_contact, caller.tenant, one.id, viewer_of(caller))
    member: dict[str, ListMembership] = {}
    segments: dict[str, SegmentMembership] = {}
    for of_list, left in lists:
        owner = user_id(of_list.owner) if of_list.owner else None
        if of_list.kind is ListKind.SEGMENT:
            segments[of_list.id] = {
                "contactLookupId": lookup_id(one.id),
                "ownerId": owner,
                "unsubscribed": left,
                "unsubscribedDate": None,
                "name": of_list.name,
            }
        elif of_list.kind is ListKind.LIST:
            member[of_list.id] = {
                "contactLookupId": lookup_id(one.id),
                "name": of_list.name,
                "unsubscribed": left,
                "unsubscribeDate": None,
                "ownerId": owner,
            }
    return {
        "contactId": one.id,
        "creationDate": in_ms(one.created_at),
        "lastModified": in_ms(one.updated_at),
        "firstName": one.first_name or None,
        "lastName": one.last_name or None,
        "email": one.email or None,
        "emailDomain": one.email.rpartition("@")[2] or None,
        "phone": one.phone or None,
        "extRef": one.ext_ref or None,
        "embeddedData": texts(one.embedded),
        "language": one.language or None,
        "skipped": False,
        "directoryUnsubscribed": one.unsubscribed,
        "directoryUnsubscribeDate": ms_or_none(opt_out.since),
        "stats": {},
        "segmentMembership": segments,
        "mailingListMembership": member,
    }
