"""Merge rules of a directory, and contacts that are duplicates by them."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.experience.directory import Contact, Directory, views
from opulse.experience.directory.flow.merging import merge_contacts, set_merge_rules
from opulse.experience.directory.models import MERGE_FIELDS, MERGE_RULES_MAX, ListRefused
from opulse.experience.directory.pages.shared import (
    Editor,
    PortsDep,
    Viewer,
    find_directory,
    may_edit,
    sentence,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/directory/{directory}/duplicates")
FIELD_NAMES = {
    "ext_ref": "External reference",
    "email": "E-mail address",
    "phone": "Phone",
    "first_name": "First name",
    "last_name": "Last name",
}
GROUPS_SHOWN = 25
Rule = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DuplicatesPage:
    """The rules, padded with empty ones for an editor, and groups of contacts, each with the rule that found it."""

    directory: Directory
    rules: tuple[Rule, ...]
    groups: tuple[tuple[Rule, tuple[Contact, ...]], ...]
    may_edit: bool
    errors: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = MERGE_FIELDS

    @property
    def names(self) -> dict[str, str]:
        return FIELD_NAMES


@router.get("")
async def show_duplicates(directory: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Which fields identify a person, and who is there twice by them."""
    rules = await ports.db.read(views.find_merge_rules, caller.tenant, directory)
    return await _show(request, ports, caller, directory, rules, {})


@router.post("/rules")
async def save_merge_rules(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Set the rules; they act on what is added from now on."""
    await find_directory(ports, caller, directory)
    sent = await request.form(max_files=0)
    rules = tuple(
        tuple(str(one) for one in sent.getlist(f"rule-{number}") if str(one) in MERGE_FIELDS)
        for number in range(MERGE_RULES_MAX)
    )
    try:
        await set_merge_rules(ports, caller.tenant, directory, rules, caller.name)
    except ListRefused as error:
        return await _show(request, ports, caller, directory, rules, {"rule-0-ext_ref": sentence(error)})
    return see_other(
        f"/directory/{directory}/duplicates", "Saved; they act on contacts that are added from now on."
    )


@router.post("/merge")
async def save_merge(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Make one contact of several."""
    await find_directory(ports, caller, directory)
    sent = await request.form(max_files=0)
    ids = [str(one) for one in sent.getlist("contact")]
    try:
        survivor = await merge_contacts(ports, caller.tenant, directory, ids, caller.name)
    except (LookupError, ListRefused) as error:
        return see_other(f"/directory/{directory}/duplicates", f"Not merged: {error}", "amber")
    return see_other(
        f"/directory/{directory}/contacts/{survivor.id}", f"{len(set(ids))} contacts are one now."
    )


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    rules: tuple[Rule, ...],
    errors: dict[str, str],
) -> Response:
    folder = await find_directory(ports, caller, directory)
    groups = await ports.db.read(_groups, caller.tenant, directory)
    padded = (*(rule for rule in rules if rule), *((),) * MERGE_RULES_MAX)[:MERGE_RULES_MAX]
    context = DuplicatesPage(folder, padded, groups, may_edit(caller), errors)
    return await page(request, "directory/duplicates.html", context, 422 if errors else 200)


def _groups(conn: Connection, tenant: int, directory: str) -> tuple[tuple[Rule, tuple[Contact, ...]], ...]:
    found = []
    for rule in views.find_merge_rules(conn, tenant, directory):
        for one in views.list_duplicates(conn, tenant, directory, rule, GROUPS_SHOWN):
            some = views.find_contacts(conn, tenant, directory, one.contacts)
            known = {contact.id: contact for contact in some}
            found.append((rule, tuple(known[number] for number in one.contacts if number in known)))
    return tuple(found)
