"""Segments: a rule is typed, its matches are looked at, then it is saved. Samples: drawn from a list or a segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.experience.audiences.flow import segments as flow
from opulse.experience.audiences.flow.samples import draw_sample
from opulse.experience.audiences.models import RuleUnreadable, SampleRefused
from opulse.experience.audiences.rules import MEANINGS
from opulse.experience.directory import Directory, MailingList, views
from opulse.experience.directory.models import ListRefused, viewer_of
from opulse.experience.directory.pages.shared import find_directory, sentence
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(include_in_schema=False, prefix="/directory/{directory}")

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]
Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """The form of a segment. ``segment`` is None for a new one; ``matches`` are shown when they were asked for."""

    directory: Directory
    segment: MailingList | None
    name: str = ""
    rule: str = ""
    matches: flow.Matches | None = None
    errors: dict[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=lambda: MEANINGS)


@dataclass(frozen=True, slots=True)
class SamplePage:
    """The form of a sample."""

    directory: Directory
    lists: tuple[MailingList, ...]
    name: str = ""
    source: str = ""
    size: str = "10%"
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def options(self) -> list[tuple[str, str]]:
        return [(one.id, f"{one.name}, {one.members:,} members") for one in self.lists]


@router.get("/segments/new")
async def show_new_segment(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The form for a new segment."""
    context = SegmentPage(await find_directory(ports, caller, directory), None)
    return await page(request, "audiences/segment.html", context)


@router.post("/segments/new")
async def save_new_segment(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    rule: Text = "",
    do: Text = "",
) -> Response:
    """Show whom the rule is true of, or make the segment."""
    folder = await find_directory(ports, caller, directory)
    return await _save(request, ports, caller, folder, None, name, rule, looks=do == "preview")


@router.get("/segments/{mailing_list}")
async def show_segment(
    directory: str, mailing_list: str, request: Request, ports: PortsDep, caller: Editor
) -> Response:
    """The form of a segment with whom its rule is true of now."""
    folder = await find_directory(ports, caller, directory)
    segment = await _find(ports, caller, directory, mailing_list)
    errors: dict[str, str] = {}
    matches = await _look(ports, caller, directory, segment.rule, errors)
    context = SegmentPage(folder, segment, segment.name, segment.rule, matches, errors)
    return await page(request, "audiences/segment.html", context)


@router.post("/segments/{mailing_list}")
async def save_segment(
    directory: str,
    mailing_list: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    rule: Text = "",
    do: Text = "",
) -> Response:
    """Show whom the changed rule is true of, or change the segment."""
    folder = await find_directory(ports, caller, directory)
    segment = await _find(ports, caller, directory, mailing_list)
    return await _save(request, ports, caller, folder, segment, name, rule, looks=do == "preview")


@router.post("/segments/{mailing_list}/refresh")
async def save_refresh(directory: str, mailing_list: str, ports: PortsDep, caller: Editor) -> Response:
    """Have the rule asked now."""
    await _find(ports, caller, directory, mailing_list)
    await flow.ask_again(ports, caller.tenant, mailing_list)
    return see_other(
        f"/directory/{directory}/lists/{mailing_list}", "The rule is being asked of all contacts."
    )


@router.get("/samples/new")
async def show_new_sample(directory: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The form for a new sample."""
    return await _sample_form(request, ports, caller, directory)


@router.post("/samples/new")
async def save_new_sample(
    directory: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    source: Text = "",
    size: Text = "",
) -> Response:
    """Draw the sample."""
    typed = (name, source, size)
    known = {one.id for one in await _lists(ports, caller, directory)}
    if source not in known:
        errors = {"source": "Choose the list or segment to draw from."}
        return await _sample_form(request, ports, caller, directory, *typed, errors=errors)
    try:
        made = await draw_sample(ports, caller.tenant, source, name, size, viewer_of(caller), caller.name)
    except (ListRefused, SampleRefused) as error:
        errors = {"name" if isinstance(error, ListRefused) else "size": sentence(error)}
        return await _sample_form(request, ports, caller, directory, *typed, errors=errors)
    return see_other(f"/directory/{directory}/lists/{made.id}", f"{made.members:,} people were drawn.")


async def _sample_form(
    request: Request,
    ports: Ports,
    caller: Caller,
    directory: str,
    name: str = "",
    source: str = "",
    size: str = "10%",
    errors: dict[str, str] | None = None,
) -> Response:
    folder = await find_directory(ports, caller, directory)
    lists = await _lists(ports, caller, directory)
    context = SamplePage(folder, tuple(lists), name, source, size, errors or {})
    return await page(request, "audiences/sample.html", context, 422 if errors else 200)


async def _lists(ports: Ports, caller: Caller, directory: str) -> list[MailingList]:
    return await ports.db.read(views.list_lists, caller.tenant, directory, viewer_of(caller))


async def _find(ports: Ports, caller: Caller, directory: str, segment: str) -> MailingList:
    try:
        found = await ports.db.read(flow.find_segment_in, caller.tenant, segment)
    except LookupError as error:
        raise NotFound("segment") from error
    if found.directory != directory:
        raise NotFound("segment")
    return found


async def _save(
    request: Request,
    ports: Ports,
    caller: Caller,
    folder: Directory,
    segment: MailingList | None,
    name: str,
    rule: str,
    *,
    looks: bool,
) -> Response:
    errors: dict[str, str] = {}
    matches = await _look(ports, caller, folder.id, rule, errors)
    if not looks and not errors:
        try:
            if segment is None:
                saved = await flow.create_segment(ports, caller.tenant, folder.id, name, rule, caller.name)
            else:
                saved = await flow.change_segment(ports, caller.tenant, segment.id, name, rule, caller.name)
            return see_other(f"/directory/{folder.id}/lists/{saved.id}", "The segment is being filled.")
        except ListRefused as error:
            errors["name"] = sentence(error)
    context = SegmentPage(folder, segment, name, rule, matches, errors)
    return await page(request, "audiences/segment.html", context, 422 if errors else 200)


async def _look(
    ports: Ports, caller: Caller, directory: str, rule: str, errors: dict[str, str]
) -> flow.Matches | None:
    try:
        return await flow.preview_rule(ports, caller.tenant, directory, rule)
    except RuleUnreadable as error:
        errors["rule"] = str(error)
        return None
