"""What a contact is opted out of, and the history of it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from opulse.experience.directory import views
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_contact
from opulse.experience.directory.flow.everywhere import set_opt_out_everywhere
from opulse.experience.directory.flow.leaving import Subscription, set_mute, set_opt_out
from opulse.experience.directory.flow.reading import find_opt_out, lists_of_contact
from opulse.experience.directory.models import EVERYWHERE, SubscriptionOrigin, viewer_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/directories/{directory}/contacts/{contact}", tags=["directory"])


class ListSubscription(BaseModel):
    mailing_list: str
    name: str
    subscribed: bool


class SubscriptionEntry(BaseModel):
    """One change; ``mailing_list`` is empty where it was the directory, or all of them (``everywhere``)."""

    at: datetime
    subscribed: bool
    mailing_list: str
    everywhere: bool
    origin: SubscriptionOrigin
    actor: str


class SubscriptionView(BaseModel):
    """Of the directory, of all directories, of each list, what was changed (newest first), and a mute's end.

    ``everywhere_since``: since when they are opted out of all directories; None: they are not.
    """

    subscribed: bool
    since: datetime | None
    everywhere_since: datetime | None
    muted_until: datetime | None
    lists: list[ListSubscription]
    history: list[SubscriptionEntry]


class SubscriptionIn(BaseModel):
    """Without ``mailing_list`` and ``everywhere`` the directory is meant; with ``everywhere`` all directories of the tenant."""

    subscribed: bool
    mailing_list: str = ""
    everywhere: bool = False


class MuteIn(BaseModel):
    """None lets the person be asked again."""

    until: datetime | None = None


@router.get("/subscription", operation_id="get_subscription")
async def get_subscription(directory: str, contact: str, ports: PortsDep, caller: Viewer) -> SubscriptionView:
    found = await find_contact(ports, caller, directory, contact)
    opt_out = await ports.db.read(find_opt_out, caller.tenant, contact)
    history = await ports.db.read(views.list_subscriptions_of, caller.tenant, contact)
    return SubscriptionView(
        subscribed=not found.unsubscribed,
        since=opt_out.since,
        everywhere_since=opt_out.everywhere_since,
        muted_until=opt_out.muted_until,
        lists=[
            ListSubscription(mailing_list=one.id, name=one.name, subscribed=not left)
            for one, left in await ports.db.read(lists_of_contact, caller.tenant, contact, viewer_of(caller))
        ],
        history=[
            SubscriptionEntry(
                at=one.at,
                subscribed=not one.out,
                mailing_list="" if one.list_id == EVERYWHERE else one.list_id,
                everywhere=one.list_id == EVERYWHERE,
                origin=one.origin,
                actor=one.actor,
            )
            for one in history
        ],
    )


@router.put("/subscription", operation_id="set_subscription")
async def put_subscription(
    directory: str, contact: str, body: SubscriptionIn, ports: PortsDep, caller: Editor
) -> SubscriptionView:
    """Opt the person out, or in again: of the directory, of one list, or everywhere whoever has their address or reference."""
    if body.everywhere and body.mailing_list:
        raise Problem(422, "which of the two", "give mailing_list or everywhere, not both")
    wanted = Subscription(not body.subscribed, SubscriptionOrigin.API, caller.name, body.mailing_list)
    change = set_opt_out_everywhere if body.everywhere else set_opt_out
    try:
        await change(ports, caller.tenant, directory, contact, wanted)
    except LookupError as error:
        raise NotFound("contact") from error
    return await get_subscription(directory, contact, ports, caller)


@router.put("/mute", operation_id="set_mute", status_code=204)
async def put_mute(directory: str, contact: str, body: MuteIn, ports: PortsDep, caller: Editor) -> None:
    """Leave the person alone until then."""
    try:
        await set_mute(ports, caller.tenant, directory, contact, body.until, caller.name)
    except LookupError as error:
        raise NotFound("contact") from error
