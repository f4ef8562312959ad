"""JSON routes of the directory."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from opulse.experience.directory import views
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_directory, find_fillable
from opulse.experience.directory.flow import lists as lists_flow
from opulse.experience.directory.flow import people
from opulse.experience.directory.models import Contact
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["directory"])


class Named(BaseModel):
    name: str


class DirectoryView(BaseModel):
    id: str
    name: str
    is_default: bool
    contacts: int


class ContactIn(BaseModel):
    """A contact to add or update; what is left out stays as it is."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    ext_ref: str = ""
    phone: str = ""
    language: str = ""
    time_zone: str = ""
    unsubscribed: bool = False
    embedded_data: dict[str, Any] = {}


class ContactsIn(BaseModel):
    """At most 10,000 contacts; ``mailing_list`` puts them on a list; ``raise_events`` lets *created* triggers see them."""

    contacts: list[ContactIn] = Field(max_length=10_000)
    mailing_list: str = ""
    raise_events: bool = False


class RefusedView(BaseModel):
    index: int
    reason: str


class ContactsTaken(BaseModel):
    created: int
    updated: int
    unchanged: int
    refused: list[RefusedView]


class ContactChange(BaseModel):
    """The fields to change."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    ext_ref: str | None = None
    phone: str | None = None
    language: str | None = None
    time_zone: str | None = None
    embedded_data: dict[str, Any] = {}


class ContactView(BaseModel):
    id: str
    directory: str
    first_name: str
    last_name: str
    email: str
    ext_ref: str
    phone: str
    language: str
    time_zone: str
    unsubscribed: bool
    embedded_data: dict[str, Any]


@router.post("/directories", operation_id="create_directory", status_code=201)
async def post_directory(body: Named, ports: PortsDep, caller: Editor) -> DirectoryView:
    made = await lists_flow.create_directory(ports, caller.tenant, body.name, caller.name)
    return DirectoryView(id=made.id, name=made.name, is_default=made.is_default, contacts=0)


@router.get("/directories", operation_id="list_directories")
async def list_directories(ports: PortsDep, caller: Viewer) -> list[DirectoryView]:
    found = await ports.db.read(views.list_directories, caller.tenant)
    return [
        DirectoryView(
            id=one.id,
            name=one.name,
            is_default=one.is_default,
            contacts=await ports.db.read(views.count_contacts, caller.tenant, one.id),
        )
        for one in found
    ]


@router.post("/directories/{directory}/contacts:bulk", operation_id="import_contacts")
async def post_contacts(directory: str, body: ContactsIn, ports: PortsDep, caller: Editor) -> ContactsTaken:
    await find_directory(ports, caller, directory)
    if body.mailing_list:
        await find_fillable(ports, caller, directory, body.mailing_list)
    taken = await people.import_contacts(
        ports,
        caller.tenant,
        directory,
        [one.model_dump() for one in body.contacts],
        list_id=body.mailing_list,
        raise_events=body.raise_events,
        actor=caller.name,
    )
    return ContactsTaken(
        created=taken.created,
        updated=taken.updated,
        unchanged=taken.unchanged,
        refused=[RefusedView(**asdict(row)) for row in taken.refused],
    )


@router.get("/directories/{directory}/contacts", operation_id="list_contacts")
async def list_contacts(
    directory: str,
    ports: PortsDep,
    caller: Viewer,
    search: str = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ContactView]:
    await find_directory(ports, caller, directory)
    found = await ports.db.read(
        views.list_contacts, caller.tenant, directory, search=search, after=after, limit=limit
    )
    return [contact_view(one) for one in found]


@router.get("/directories/{directory}/contacts/{contact}", operation_id="get_contact")
async def get_contact(directory: str, contact: str, ports: PortsDep, caller: Viewer) -> ContactView:
    found = await ports.db.read(views.find_contact, caller.tenant, directory, contact)
    if found is None:
        raise NotFound("contact")
    return contact_view(found)


@router.patch("/directories/{directory}/contacts/{contact}", operation_id="edit_contact")
async def patch_contact(
    directory: str, contact: str, body: ContactChange, ports: PortsDep, caller: Editor
) -> ContactView:
    fields = body.model_dump(exclude_none=True, exclude={"embedded_data"})
    try:
        changed = await people.edit_contact(
            ports, caller.tenant, directory, contact, fields, body.embedded_data, actor=caller.name
        )
    except LookupError as error:
        raise NotFound("contact") from error
    except people.ContactProblem as error:
        raise Problem(422, "not a valid contact", str(error)) from error
    return contact_view(changed)


@router.delete("/directories/{directory}/contacts/{contact}", operation_id="delete_contact", status_code=204)
async def delete_contact(directory: str, contact: str, ports: PortsDep, caller: Editor) -> None:
    try:
        await people.delete_contact(ports, caller.tenant, directory, contact, actor=caller.name)
    except LookupError as error:
        raise NotFound("contact") from error


def contact_view(contact: Contact) -> ContactView:
    """A contact as JSON."""
    return ContactView(
        id=contact.id,
        directory=contact.directory,
        first_name=contact.first_name,
        last_name=contact.last_name,
        email=contact.email,
        ext_ref=contact.ext_ref,
        phone=contact.phone,
        language=contact.language,
        time_zone=contact.time_zone,
        unsubscribed=contact.unsubscribed,
        embedded_data=dict(contact.embedded),
    )
