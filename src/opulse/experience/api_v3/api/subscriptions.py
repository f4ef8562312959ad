"""Event subscriptions: an address that is told when a response comes in, or when a survey opens or closes."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from fastapi import Depends, Request, Response

from opulse.experience.api_v3.api.asked import body_of, survey_router
from opulse.experience.api_v3.api.edge import DeskDep, IdPath, PageDep, administers, oversees, refuse
from opulse.experience.subscriptions.flow import subscribing as flow
from opulse.experience.subscriptions.models import Subscription
from opulse.tenancy import find_tenant
from opulse.web.access import Caller
from opulse.web.errors import Problem

router = survey_router()
PER_MINUTE = 120
Reads = Annotated[Caller, Depends(oversees("subscriptions", PER_MINUTE))]
Manages = Annotated[Caller, Depends(administers("subscriptions", PER_MINUTE))]


class SubscriptionShown(TypedDict):
    """``scope`` is the tenant's brand; the shared key is never shown."""

    id: str
    scope: str
    topics: str
    publicationUrl: str
    encrypted: bool
    successfulCalls: int


@router.post("/eventsubscriptions", operation_id="v3_create_subscription")
async def post_subscription(request: Request, desk: DeskDep, caller: Manages) -> Response:
    """Tell `publicationUrl` of one topic, signed where a `sharedKey` is given."""
    body = await body_of(request)
    if body.get("encrypt") not in (None, False):
        raise refuse(
            400, "encrypt is not supported: send sharedKey alone, and each event is signed with it.", "GP_0"
        )
    given = [_text(body.get(name), name) for name in ("topics", "publicationUrl")]
    key = _text(body.get("sharedKey") or "", "sharedKey")
    try:
        made = await flow.subscribe(desk.ports, caller.tenant, given[0], given[1], key, caller.name)
    except flow.SubscriptionRefused as error:
        raise refuse(400, f"Missing or invalid parameter: {error}", "GP_0") from error
    return desk.ok({"id": made.id})


@router.get("/eventsubscriptions", operation_id="v3_list_subscriptions")
async def list_subscriptions(desk: DeskDep, page: PageDep, caller: Reads) -> Response:
    """The oldest first."""
    found = await flow.list_subscriptions(desk.ports, caller.tenant, page.offset, page.sought)
    brand = await _brand(desk, caller)
    shown, next_page = page.next_by_offset(found)
    return desk.page([_shown(one, brand) for one in shown], next_page)


@router.get("/eventsubscriptions/{subscription}", operation_id="v3_get_subscription")
async def get_subscription(subscription: IdPath, desk: DeskDep, caller: Reads) -> Response:
    """One of them."""
    try:
        found = await flow.get_subscription(desk.ports, caller.tenant, subscription)
    except flow.SubscriptionUnknown as error:
        raise _unknown(subscription) from error
    return desk.ok(_shown(found, await _brand(desk, caller)))


@router.delete("/eventsubscriptions/{subscription}", operation_id="v3_delete_subscription")
async def delete_subscription(subscription: IdPath, desk: DeskDep, caller: Manages) -> Response:
    """Tell it nothing more."""
    try:
        await flow.unsubscribe(desk.ports, caller.tenant, subscription, caller.name)
    except flow.SubscriptionUnknown as error:
        raise _unknown(subscription) from error
    return desk.done()


async def _brand(desk: DeskDep, caller: Caller) -> str:
    return (await desk.ports.db.read(find_tenant, caller.tenant)).client_id


def _shown(one: Subscription, brand: str) -> SubscriptionShown:
    return {
        "id": one.id,
        "scope": brand,
        "topics": one.topics,
        "publicationUrl": one.url,
        "encrypted": False,
        "successfulCalls": one.successful,
    }


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise refuse(400, f"Missing or invalid parameter: {name} is a text.", "GP_0")
    return value


def _unknown(subscription: str) -> Problem:
    return refuse(404, f"{subscription} not found", "ESSG_2")
