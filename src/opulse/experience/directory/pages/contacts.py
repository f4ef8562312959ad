"""Contacts of a directory: found page by page, and added by a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from opulse.experience.directory import MAIN_FIELDS, Contact, Directory, MailingList, views
from opulse.experience.directory.flow.exporting import export_csv, export_ndjson
from opulse.experience.directory.flow.people import import_contacts
from opulse.experience.directory.models import viewer_of
from opulse.experience.directory.pages.shared import (
    PAGE,
    Editor,
    PortsDep,
    Viewer,
    fillable_lists,
    find_directory,
    may_edit,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory")
SHOWN_FIELDS = {**MAIN_FIELDS, "TimeZone": "time_zone"}
"""Fields that every contact has: name → our column."""


@dataclass(frozen=True, slots=True)
class ContactsPage:
    """A page of contacts. ``next``: the address of the following ones, empty at the end."""

    directory: Directory
    contacts: tuple[Contact, ...]
    total: int
    search: str
    first: str
    next: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class ContactFormPage:
    """The form of a contact; ``contact`` is empty for a new one. ``rows``: embedded data as names and values."""

    directory: Directory
    contact: str
    values: Mapping[str, str]
    rows: tuple[tuple[str, str], ...]
    lists: tuple[MailingList, ...]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def list_options(self) -> list[tuple[str, str]]:
        return [(one.id, one.name) for one in self.lists]


@router.get("/{directory}")
async def show_contacts(
    directory: str, request: Request, ports: PortsDep, caller: Viewer, search: str = "", after: str = ""
) -> Response:
    """Contacts by id, found by the start of an address, a name or an account."""
    found = await find_directory(ports, caller, directory)
    rows = await ports.db.read(_page_of, caller.tenant, directory, search, after)
    shown = rows[:PAGE]
    words = {"search": search} if search else {}
    address = f"/directory/{directory}"
    following = urlencode({**words, "after": shown[-1].id}) if len(rows) > PAGE else ""
    context = ContactsPage(
        found,
        tuple(shown),
        await ports.db.read(views.count_contacts, caller.tenant, directory),
        search,
        (f"{address}?{urlencode(words)}" if words else address) if after else "",
        f"{address}?{following}" if following else "",
        may_edit(caller),
    )
    return await page(request, "directory/contacts.html", context)


@router.get("/{directory}/export.{form}")
async def show_export(
    directory: str, form: str, ports: PortsDep, caller: Editor, mailing_list: str = ""
) -> Response:
    """All contacts, or those of a list, as a file."""
    await find_directory(ports, caller, directory)
    if form not in ("csv", "ndjson"):
        raise NotFound("page")
    if mailing_list:
        listed = await ports.db.read(views.find_list, caller.tenant, mailing_list, viewer_of(caller))
        if listed is None or listed.directory != directory:
            raise NotFound("mailing list")
    make = export_csv if form == "csv" else export_ndjson
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    named = {"Content-Disposition": f'attachment; filename="contacts.{form}"'}
    lines = make(ports, caller.tenant, directory, mailing_list)
    return StreamingResponse(lines, media_type=kind, headers=named)


@router.get("/{directory}/contacts/new")
async def show_new_contact(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The form for a new contact."""
    return await _form(request, ports, caller, directory, {}, (), {})


@router.post("/{directory}/contacts/new")
async def save_new_contact(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Add the contact; workflows that wait for new contacts see it. A known one is updated instead."""
    await find_directory(ports, caller, directory)
    sent = await request.form(max_files=0)
    values, rows = read_form(sent)
    if sent.get("do"):
        return await _form(request, ports, caller, directory, values, (*rows, ("", ""), ("", "")), {})
    row = {**values, "embedded_data": {name: text for name, text in rows if name}}
    list_id = str(sent.get("list") or "")
    if list_id and list_id not in {one.id for one in await fillable_lists(ports, caller, directory)}:
        list_id = ""
    taken = await import_contacts(
        ports, caller.tenant, directory, [row], list_id=list_id, raise_events=True, actor=caller.name
    )
    if taken.refused:
        errors = {"email": f"{taken.refused[0].reason[:1].upper()}{taken.refused[0].reason[1:]}."}
        return await _form(request, ports, caller, directory, values, rows, errors)
    made = await ports.db.read(_find_made, caller.tenant, directory, values["ext_ref"] or values["email"])
    address = f"/directory/{directory}/contacts/{made}" if made else f"/directory/{directory}"
    return see_other(
        address,
        "The contact is added." if taken.created else "A contact with this key was known; it is updated.",
    )


def read_form(sent: FormData) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The main fields and the rows of embedded data, as they were typed."""
    values = {name: str(sent.get(name) or "").strip() for name in SHOWN_FIELDS.values()}
    names = [str(one).strip() for one in sent.getlist("embedded.name")]
    texts = [str(one).strip() for one in sent.getlist("embedded.value")]
    return values, tuple(row for row in zip(names, texts, strict=False) if any(row))


async def _form(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    values: Mapping[str, str],
    rows: tuple[tuple[str, str], ...],
    errors: dict[str, str],
) -> Response:
    found = await find_directory(ports, caller, directory)
    lists = await fillable_lists(ports, caller, directory)
    context = ContactFormPage(found, "", values, (*rows, ("", "")), tuple(lists), errors)
    return await page(request, "directory/contact_form.html", context, 422 if errors else 200)


def _page_of(conn: Connection, tenant: int, directory: str, search: str, after: str) -> list[Contact]:
    return views.list_contacts(conn, tenant, directory, search=search, after=after, limit=PAGE + 1)


def _find_made(conn: Connection, tenant: int, directory: str, key: str) -> str:
    """The contact whose external reference or address is exactly this."""
    wanted = key.strip().lower()
    found = views.list_contacts(conn, tenant, directory, search=wanted, limit=PAGE)
    return next((one.id for one in found if wanted in (one.ext_ref.lower(), one.email.lower())), "")
