"""What a contact was sent, and what they answered."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query, Response

from opulse.experience.api_v3.api.edge import Desk, DeskDep, IdPath, PageDep, V3Router, reads
from opulse.experience.api_v3.api.finding import the_contact, the_list
from opulse.experience.api_v3.api.mailing_lists import the_member
from opulse.experience.api_v3.flow import history as flow
from opulse.experience.api_v3.rules.distributions import answered, mailed
from opulse.experience.directory.models import viewer_of
from opulse.web.access import Caller

router = V3Router()


class HistoryType(StrEnum):
    """What the history is of."""

    EMAIL = "email"
    RESPONSE = "response"


OfType = Annotated[HistoryType, Query(alias="type")]


@router.get("/directories/{directory}/contacts/{contact}/history", operation_id="v3_get_contact_history")
async def get_history(
    directory: IdPath,
    contact: IdPath,
    desk: DeskDep,
    page: PageDep,
    caller: Annotated[Caller, Depends(reads("directory_contacts"))],
    kind: OfType = HistoryType.EMAIL,
) -> Response:
    """The newest first. Answers only of surveys that ask by name."""
    found = await the_contact(desk, caller.tenant, directory, contact)
    return await _history(desk, page, caller, found.id, kind)


@router.get(
    "/directories/{directory}/mailinglists/{mailing_list}/contacts/{contact}/history",
    operation_id="v3_get_list_contact_history",
)
async def get_list_history(
    directory: IdPath,
    mailing_list: IdPath,
    contact: IdPath,
    desk: DeskDep,
    page: PageDep,
    caller: Annotated[Caller, Depends(reads("mailing_list_contacts"))],
    kind: OfType = HistoryType.EMAIL,
) -> Response:
    """The same of somebody on a list: the person's whole history, for a mail is sent to a person."""
    await the_list(desk, caller.tenant, directory, mailing_list, viewer_of(caller))
    found, _ = await the_member(desk, caller, directory, mailing_list, contact)
    return await _history(desk, page, caller, found.id, kind)


async def _history(desk: Desk, page: PageDep, caller: Caller, contact: str, kind: HistoryType) -> Response:
    if kind is HistoryType.EMAIL:
        sent = await flow.list_mails(desk.ports, caller.tenant, contact, page.after, page.sought)
        mails, then = page.next_by_token(sent, lambda one: one.id)
        return desk.page([mailed(one) for one in mails], then)
    given = await flow.list_answers(desk.ports, caller.tenant, contact, page.after, page.sought)
    answers, then = page.next_by_token(given, lambda one: one.id)
    return desk.page([answered(one) for one in answers], then)
