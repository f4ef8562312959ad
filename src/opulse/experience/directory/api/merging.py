"""Merge rules, duplicates by them, and contacts that are merged by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from opulse.experience.directory import views
from opulse.experience.directory.api.contacts import ContactView, contact_view
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_directory
from opulse.experience.directory.flow.merging import merge_contacts, set_merge_rules
from opulse.experience.directory.models import ListRefused
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/directories/{directory}", tags=["directory"])


class MergeRules(BaseModel):
    """At most 3, in the order in which they are tried; of a rule all fields must match. Fields: ext_ref, email, phone,
    first_name, last_name."""

    rules: list[list[str]]


class DuplicatesView(BaseModel):
    """Contacts that a rule takes for one person, the oldest first."""

    rule: list[str]
    values: list[str]
    contacts: list[str]


class MergeIn(BaseModel):
    contacts: list[str]


@router.get("/merge-rules", operation_id="list_merge_rules")
async def list_rules(directory: str, ports: PortsDep, caller: Viewer) -> MergeRules:
    await find_directory(ports, caller, directory)
    found = await ports.db.read(views.find_merge_rules, caller.tenant, directory)
    return MergeRules(rules=[list(rule) for rule in found])


@router.put("/merge-rules", operation_id="set_merge_rules")
async def put_rules(directory: str, body: MergeRules, ports: PortsDep, caller: Editor) -> MergeRules:
    """They act on contacts that are added from now on."""
    try:
        kept = await set_merge_rules(ports, caller.tenant, directory, body.rules, caller.name)
    except LookupError as error:
        raise NotFound("directory") from error
    except ListRefused as error:
        raise Problem(422, "not valid merge rules", str(error)) from error
    return MergeRules(rules=[list(rule) for rule in kept])


@router.get("/duplicates", operation_id="list_duplicates")
async def list_duplicates(
    directory: str, ports: PortsDep, caller: Viewer, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[DuplicatesView]:
    """By each merge rule, so many groups of contacts."""
    await find_directory(ports, caller, directory)
    rules = await ports.db.read(views.find_merge_rules, caller.tenant, directory)
    return [
        DuplicatesView(rule=list(rule), values=list(one.values), contacts=list(one.contacts))
        for rule in rules
        for one in await ports.db.read(views.list_duplicates, caller.tenant, directory, rule, limit)
    ]


@router.post("/contacts:merge", operation_id="merge_contacts")
async def post_merge(directory: str, body: MergeIn, ports: PortsDep, caller: Editor) -> ContactView:
    """The oldest survives, with the newest value of each field. It cannot be undone."""
    await find_directory(ports, caller, directory)
    try:
        survivor = await merge_contacts(ports, caller.tenant, directory, body.contacts, caller.name)
    except LookupError as error:
        raise Problem(422, "not merged", f"not contacts of this directory: {error}") from error
    except ListRefused as error:
        raise Problem(422, "not merged", str(error)) from error
    return contact_view(survivor)
