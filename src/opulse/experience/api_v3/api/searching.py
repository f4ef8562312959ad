"""Contacts of a directory that a filter is true of, in the third spelling; and those who opted out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from opulse.experience.api_v3.api.edge import Desk, DeskDep, IdPath, PageDep, V3Router, reads, refuse
from opulse.experience.api_v3.api.finding import the_directory
from opulse.experience.api_v3.api.spelling import (
    SegmentMembership,
    contact_listed,
    lookup_id,
    ms_or_none,
    texts,
)
from opulse.experience.api_v3.api.users import iso, user_id
from opulse.experience.api_v3.rules import FilterRefused, read_filter
from opulse.experience.audiences.flow.searching import find_matches
from opulse.experience.directory import Contact, views
from opulse.experience.directory.flow.reading import list_opt_outs, list_opted_out, list_segments_of
from opulse.experience.directory.models import FieldScope, viewer_of
from opulse.web.access import Caller

router = V3Router()
Reads = Annotated[Caller, Depends(reads("directory_contacts"))]
WithEmbedded = Annotated[bool, Query(alias="includeEmbedded")]
DEEPEST = 10_000
"""Contacts that one search reaches; more are a matter of a narrower filter."""


class SearchIn(BaseModel):
    filter: Any = None


class ContactFound(TypedDict):
    """``embeddedData`` and ``segmentMembership`` are empty unless asked for."""

    id: str
    creationDate: str
    lastModified: str
    firstName: str | None
    lastName: str | None
    email: str | None
    phoneNumber: str | None
    externalDataReference: str | None
    language: str | None
    unsubscribed: bool
    unsubscribeDate: int | None
    stats: dict[str, str]
    embeddedData: dict[str, str]
    segmentMembership: dict[str, SegmentMembership]


@router.post("/directories/{directory}/contacts/search", operation_id="v3_search_contacts")
async def search_contacts(
    directory: IdPath,
    body: SearchIn,
    desk: DeskDep,
    page: PageDep,
    caller: Reads,
    embedded: WithEmbedded = False,
    segments: Annotated[bool, Query(alias="includeSegments")] = False,
) -> Response:
    """400 for a filter that cannot be read, and behind the 10,000th contact."""
    await the_directory(desk, caller.tenant, directory)
    declared = await desk.ports.db.read(views.find_declared, caller.tenant, directory, FieldScope.CONTACT)
    try:
        term = read_filter(body.filter, declared)
    except FilterRefused as error:
        raise refuse(400, f"Missing or invalid parameter: {error}", "QVAL_1") from error
    offset = _offset(page.after) if page.after else page.offset
    if offset + page.size > DEEPEST:
        raise refuse(400, f"A search reaches {DEEPEST} contacts. Narrow the filter.", "QVAL_1")
    now = desk.ports.clock.now()
    found = await desk.ports.db.read(find_matches, caller.tenant, directory, term, now, offset, page.sought)
    more = len(found) > page.size
    shown = found[: page.size]
    then = page.link("skipToken", _token(offset + page.size)) if more else None
    return desk.page(await _found(desk, caller, shown, embedded=embedded, segments=segments), then)


@router.get("/directories/{directory}/contacts/optedOutContacts", operation_id="v3_list_opted_out")
async def get_opted_out(
    directory: IdPath, desk: DeskDep, page: PageDep, caller: Reads, embedded: WithEmbedded = False
) -> Response:
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(list_opted_out, caller.tenant, directory, page.after, page.sought)
    shown, then = page.next_by_token(found, lambda one: one.id)
    return desk.page(
        [contact_listed(one, embedded=one.embedded if embedded else None) for one in shown], then
    )


async def _found(
    desk: Desk, caller: Caller, shown: Sequence[Contact], *, embedded: bool, segments: bool
) -> list[ContactFound]:
    ids = [one.id for one in shown]
    since = await desk.ports.db.read(list_opt_outs, caller.tenant, ids)
    viewer = viewer_of(caller)
    on = await desk.ports.db.read(list_segments_of, caller.tenant, ids, viewer) if segments else {}
    return [
        {
            "id": one.id,
            "creationDate": iso(one.created_at),
            "lastModified": iso(one.updated_at),
            "firstName": one.first_name or None,
            "lastName": one.last_name or None,
            "email": one.email or None,
            "phoneNumber": one.phone or None,
            "externalDataReference": one.ext_ref or None,
            "language": one.language or None,
            "unsubscribed": one.unsubscribed,
            "unsubscribeDate": ms_or_none(since.get(one.id)),
            "stats": {},
            "embeddedData": texts(one.embedded) if embedded else {},
            "segmentMembership": {
                segment.id: {
                    "contactLookupId": lookup_id(one.id),
                    "ownerId": user_id(segment.owner) if segment.owner else None,
                    "unsubscribed": left,
                    "unsubscribedDate": None,
                    "name": segment.name,
                }
                for segment, left in on.get(one.id, [])
            },
        }
        for one in shown
    ]


def _token(offset: int) -> str:
    """As recorded searches have it: ``NQ==`` is 5."""
    return base64.b64encode(str(offset).encode()).decode()


def _offset(token: str) -> int:
    try:
        text = base64.b64decode(token, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = token
    if not text.isdecimal() or len(text) > 9:
        raise refuse(400, "Missing or invalid parameter: skipToken", "QVAL_1")
    return int(text)
