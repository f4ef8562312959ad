"""One contact: fields, embedded data, lists, opt-out, what changed; edited, opted out, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.directory import Contact, Directory, MailingList, views
from opulse.experience.directory.flow.everywhere import set_opt_out_everywhere
from opulse.experience.directory.flow.leaving import Subscription, set_opt_out
from opulse.experience.directory.flow.people import ContactProblem, delete_contact, edit_contact
from opulse.experience.directory.flow.reading import find_opt_out, list_changes_of, lists_of_contact
from opulse.experience.directory.models import (
    ContactChange,
    OptOut,
    SubscriptionChange,
    SubscriptionOrigin,
    viewer_of,
)
from opulse.experience.directory.pages.contacts import SHOWN_FIELDS, ContactFormPage, read_form
from opulse.experience.directory.pages.shared import (
    Editor,
    PortsDep,
    Text,
    Viewer,
    find_directory,
    may_edit,
    sentence,
    shown_value,
)
from opulse.experience.directory.pages.transactions import ShownTransaction, shown_transaction
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/contacts/{contact}")
TRANSACTIONS_SHOWN = 5
_WORDS = {  # (of all directories, out)
    (False, True): "Opted out: this person is not asked any more.",
    (False, False): "This person may be asked again.",
    (True, True): "Opted out of everything: no directory asks this person any more.",
    (True, False): "No longer opted out of everything. Opt-outs of a directory or a list still count.",
}


@dataclass(frozen=True, slots=True)
class ContactPage:
    """One contact and all that is known of them."""

    directory: Directory
    contact: Contact
    main: tuple[tuple[str, str], ...]
    embedded: tuple[tuple[str, str], ...]
    lists: tuple[tuple[MailingList, bool], ...]
    opt_out: OptOut
    transactions: tuple[ShownTransaction, ...]
    changes: tuple[ContactChange, ...]
    subscriptions: tuple[SubscriptionChange, ...]
    may_edit: bool

    @property
    def name(self) -> str:
        one = self.contact
        return f"{one.first_name} {one.last_name}".strip() or one.email or one.ext_ref


@router.get("")
async def show_contact(
    directory: str, contact: str, request: Request, ports: PortsDep, caller: Viewer
) -> Response:
    """The contact with embedded data, lists, opt-out, and what workflows saw change."""
    folder = await find_directory(ports, caller, directory)
    found = await _find(ports, caller, directory, contact)
    happened = await ports.db.read(
        views.list_transactions, caller.tenant, directory, contact=found.id, limit=TRANSACTIONS_SHOWN
    )
    context = ContactPage(
        folder,
        found,
        tuple((name, str(getattr(found, column))) for name, column in SHOWN_FIELDS.items()),
        tuple((name, shown_value(value)) for name, value in sorted(found.embedded.items())),
        tuple(await ports.db.read(lists_of_contact, caller.tenant, contact, viewer_of(caller))),
        await ports.db.read(find_opt_out, caller.tenant, contact),
        tuple(shown_transaction(one) for one in happened),
        tuple(await ports.db.read(list_changes_of, caller.tenant, contact)),
        tuple(await ports.db.read(views.list_subscriptions_of, caller.tenant, contact)),
        may_edit(caller),
    )
    return await page(request, "directory/contact.html", context)


@router.get("/edit")
async def show_edit_contact(
    directory: str, contact: str, request: Request, ports: PortsDep, caller: Editor
) -> Response:
    """The form with the contact's values."""
    found = await _find(ports, caller, directory, contact)
    values = {column: str(getattr(found, column)) for column in SHOWN_FIELDS.values()}
    rows = tuple((name, shown_value(value)) for name, value in sorted(found.embedded.items()))
    return await _form(request, ports, caller, directory, contact, values, rows, {})


@router.post("/edit")
async def save_contact(
    directory: str, contact: str, request: Request, ports: PortsDep, caller: Editor
) -> Response:
    """Store what differs; workflows that watch it see the change. A row that is gone is emptied."""
    found = await _find(ports, caller, directory, contact)
    sent = await request.form(max_files=0)
    values, rows = read_form(sent)
    if sent.get("do"):
        return await _form(request, ports, caller, directory, contact, values, (*rows, ("", "")), {})
    errors = (
        {}
        if values["email"] or values["ext_ref"]
        else {"email": "A contact needs an e-mail address or an external reference."}
    )
    if not errors:
        try:
            embedded = changed_values(found.embedded, dict(rows))
            await edit_contact(ports, caller.tenant, directory, contact, values, embedded, actor=caller.name)
        except ContactProblem as problem:
            errors = {"email": sentence(problem)}
    if errors:
        return await _form(request, ports, caller, directory, contact, values, rows, errors)
    return see_other(f"/directory/{directory}/contacts/{contact}", "Saved.")


@router.post("/opt-out")
async def save_opt_out(
    directory: str,
    contact: str,
    ports: PortsDep,
    caller: Editor,
    out: Text = "",
    mailing_list: Text = "",
    everywhere: Text = "",
) -> Response:
    """Ask this person nothing any more, or let them be asked again: by this directory, by any, or only through one list."""
    if everywhere:
        mailing_list = ""
    wanted = Subscription(bool(out), SubscriptionOrigin.OPERATOR, caller.name, mailing_list)
    try:
        change = set_opt_out_everywhere if everywhere else set_opt_out
        await change(ports, caller.tenant, directory, contact, wanted)
    except LookupError as error:
        raise NotFound("contact") from error
    if mailing_list:
        words = "Opted out of the list." if out else "Opted in to the list again."
        return see_other(f"/directory/{directory}/contacts/{contact}", words, "purple" if out else "green")
    words = _WORDS[bool(everywhere), bool(out)]
    return see_other(f"/directory/{directory}/contacts/{contact}", words, "purple" if out else "green")


@router.post("/delete")
async def save_contact_deletion(directory: str, contact: str, ports: PortsDep, caller: Editor) -> Response:
    """Take the contact out of the directory; recorded answers no longer lead to a person."""
    try:
        await delete_contact(ports, caller.tenant, directory, contact, actor=caller.name)
    except LookupError as error:
        raise NotFound("contact") from error
    return see_other(f"/directory/{directory}", "The contact is deleted.")


def changed_values(stored: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """What the typed rows change: a list stays a list, a number that reads the same stays a number, a missing row empties."""
    changed: dict[str, Any] = {}
    for name, text in typed.items():
        old = stored.get(name)
        if old is not None and shown_value(old) == text:
            continue
        is_list = isinstance(old, list)
        changed[name] = [part.strip() for part in text.split(";") if part.strip()] if is_list else text
    return {**changed, **{name: "" for name in stored if name not in typed and stored[name] not in ("", [])}}


async def _form(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    contact: str,
    values: Mapping[str, str],
    rows: tuple[tuple[str, str], ...],
    errors: dict[str, str],
) -> Response:
    folder = await find_directory(ports, caller, directory)
    context = ContactFormPage(folder, contact, values, (*rows, ("", "")), (), errors)
    return await page(request, "directory/contact_form.html", context, 422 if errors else 200)


async def _find(ports: Ports, caller: Caller, directory: str, contact: str) -> Contact:
    found = await ports.db.read(views.find_contact, caller.tenant, directory, contact)
    if found is None:  # perhaps somebody else now
        survivor = await ports.db.read(views.find_survivor, caller.tenant, directory, contact)
        found = await ports.db.read(views.find_contact, caller.tenant, directory, survivor)
    if found is None:
        raise NotFound("contact")
    return found
