"""One contact's touchpoints, and whether they may be asked: who is asked and has answered is shown to editors alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from opulse.experience.directory import Contact, Directory, MailingList
from opulse.experience.directory import views as directory_views
from opulse.experience.directory.models import viewer_of
from opulse.experience.footprint.flow.person import list_touchpoints, may_ask_in
from opulse.experience.footprint.models import MayAsk, Touchpoint
from opulse.experience.footprint.rules import read_cursor, write_cursor
from opulse.experience.surveys.flow import list_surveys
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(include_in_schema=False, prefix="/directory/{directory}/contacts/{contact}")

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]
SHOWN = 50


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A page of touchpoints. ``next``: the address of the older ones, empty at the end."""

    directory: Directory
    contact: Contact
    may_ask: MayAsk
    touchpoints: tuple[Touchpoint, ...]
    surveys: tuple[tuple[str, str], ...]
    lists: tuple[MailingList, ...]
    survey: str
    mailing_list: str
    first: str
    next: str

    @property
    def name(self) -> str:
        one = self.contact
        return f"{one.first_name} {one.last_name}".strip() or one.email or one.ext_ref

    @property
    def list_options(self) -> list[tuple[str, str]]:
        return [(one.id, one.name) for one in self.lists]

    @property
    def names(self) -> dict[str, str]:
        """Names of what rules and touchpoints speak of by id."""
        return dict(self.surveys) | {one.id: one.name for one in self.lists}


@router.get("/timeline")
async def show_timeline(
    directory: str,
    contact: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    before: str = "",
    survey: str = "",
    mailing_list: str = "",
) -> Response:
    """What happened between us and this person, newest first, and whether they may be asked now."""
    folder = await ports.db.read(directory_views.find_directory, caller.tenant, directory)
    found = await ports.db.read(directory_views.find_contact, caller.tenant, directory, contact)
    if folder is None or found is None:
        raise NotFound("contact")
    try:
        place = read_cursor(before)
    except ValueError as error:
        raise NotFound("page") from error
    events = await ports.db.read(list_touchpoints, caller.tenant, contact, before=place, limit=SHOWN + 1)
    shown = events[:SHOWN]
    words = {name: value for name, value in (("survey", survey), ("mailing_list", mailing_list)) if value}
    address = f"/directory/{directory}/contacts/{contact}/timeline"
    older = (
        urlencode({**words, "before": write_cursor(shown[-1].at, shown[-1].key)})
        if len(events) > SHOWN
        else ""
    )
    context = TimelinePage(
        folder,
        found,
        await ports.db.read(
            may_ask_in, caller.tenant, found, ports.clock.now(), survey=survey, list_id=mailing_list
        ),
        tuple(shown),
        tuple((one.id, one.name) for one in await list_surveys(ports, caller.tenant)),
        tuple(await ports.db.read(directory_views.list_lists, caller.tenant, directory, viewer_of(caller))),
        survey,
        mailing_list,
        (f"{address}?{urlencode(words)}" if words else address) if before else "",
        f"{address}?{older}" if older else "",
    )
    return await page(request, "footprint/timeline.html", context)
