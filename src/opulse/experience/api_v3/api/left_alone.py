"""Who is left alone: contacts who opted out of a list, and those whose address takes no mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Query, Response

from opulse.experience.api_v3.api.edge import Desk, DeskDep, IdPath, PageDep, V3Router, reads
from opulse.experience.api_v3.api.edge.paging import Page
from opulse.experience.api_v3.api.finding import the_directory, the_list
from opulse.experience.api_v3.api.spelling import contact_listed
from opulse.experience.directory import Contact
from opulse.experience.directory.flow.reading import list_left
from opulse.experience.directory.models import viewer_of
from opulse.experience.distributions.views import list_unreachable
from opulse.web.access import Caller

router = V3Router()
OfDirectory = Annotated[Caller, Depends(reads("directory_contacts"))]
OfList = Annotated[Caller, Depends(reads("mailing_list_contacts"))]
WithEmbedded = Annotated[bool, Query(alias="includeEmbedded")]
LIST = "/directories/{directory}/mailinglists/{mailing_list}"


@router.get("/directories/{directory}/contacts/bouncedContacts", operation_id="v3_list_bounced")
async def get_bounced(
    directory: IdPath, desk: DeskDep, page: PageDep, caller: OfDirectory, embedded: WithEmbedded = False
) -> Response:
    """Mails to their address came back for good, and nobody has lifted that since."""
    await the_directory(desk, caller.tenant, directory)
    found = await desk.ports.db.read(
        list_unreachable, caller.tenant, directory, after=page.after, limit=page.sought
    )
    return _page(desk, page, found, embedded=embedded)


@router.get(LIST + "/bouncedContacts", operation_id="v3_list_bounced_members")
async def get_bounced_members(
    directory: IdPath,
    mailing_list: IdPath,
    desk: DeskDep,
    page: PageDep,
    caller: OfList,
    embedded: WithEmbedded = False,
) -> Response:
    """The same, of those on the list."""
    await the_list(desk, caller.tenant, directory, mailing_list, viewer_of(caller))
    found = await desk.ports.db.read(
        list_unreachable, caller.tenant, directory, mailing_list, page.after, page.sought
    )
    return _page(desk, page, found, embedded=embedded)


@router.get(LIST + "/optedOutContacts", operation_id="v3_list_opted_out_members")
async def get_opted_out_members(
    directory: IdPath,
    mailing_list: IdPath,
    desk: DeskDep,
    page: PageDep,
    caller: OfList,
    embedded: WithEmbedded = False,
) -> Response:
    """Who opted out of this list; who is out of the directory stands in the directory's own list."""
    await the_list(desk, caller.tenant, directory, mailing_list, viewer_of(caller))
    found = await desk.ports.db.read(list_left, caller.tenant, mailing_list, page.after, page.sought)
    return _page(desk, page, found, embedded=embedded)


def _page(desk: Desk, page: Page, found: Sequence[Contact], *, embedded: bool) -> Response:
    shown, then = page.next_by_token(found, lambda one: one.id)
    return desk.page(
        [contact_listed(one, embedded=one.embedded if embedded else None) for one in shown], then
    )
