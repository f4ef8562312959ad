"""Make, list and delete subscriptions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.subscriptions import store
from opulse.experience.subscriptions.models import Subscription, SubscriptionState
from opulse.experience.subscriptions.rules import KEY_MAX, refuse_topic
from opulse.outbound import AddressRefused
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id

MOST = 100
"""Of one tenant: each response becomes one job for each that listens."""


class SubscriptionRefused(ValueError):
    """It cannot be kept; the message says what to send instead."""


class SubscriptionUnknown(LookupError):
    """This tenant has no such subscription."""


async def subscribe(
    ports: Ports, tenant: int, topics: str, url: str, shared_key: str, actor: str
) -> Subscription:
    """Tell ``url`` of ``topics`` from now on. Raises SubscriptionRefused."""
    if why := refuse_topic(topics):
        raise SubscriptionRefused(f"topics: {why}")
    if len(shared_key) > KEY_MAX or "\0" in shared_key:
        raise SubscriptionRefused(f"sharedKey has at most {KEY_MAX} characters, and no NUL.")
    try:
        ports.http.check(url)
    except AddressRefused as error:
        raise SubscriptionRefused(f"publicationUrl: {error}. Give a public https address.") from error
    sealed, now = ports.secrets.seal(shared_key) if shared_key else "", ports.clock.now()
    made = Subscription(
        tenant, new_id(Prefix.SUBSCRIPTION), topics, url, sealed, SubscriptionState.ACTIVE, 0, actor, now
    )

    def unit(conn: Connection) -> None:
        if store.count_subscriptions(conn, tenant) >= MOST:
            raise SubscriptionRefused(f"There are {MOST} subscriptions already: delete one first.")
        store.insert_subscription(conn, made)
        audit_in(conn, tenant, actor, "subscription.created", made.id, None, _plain(made), now)

    await ports.db.write(unit)
    return made


async def list_subscriptions(ports: Ports, tenant: int, offset: int, limit: int) -> Sequence[Subscription]:
    """The oldest first."""
    return await ports.db.read(store.list_subscriptions, tenant, offset, limit)


async def get_subscription(ports: Ports, tenant: int, subscription: str) -> Subscription:
    """One of them. Raises SubscriptionUnknown."""
    found = await ports.db.read(store.find_subscription, tenant, subscription)
    if found is None:
        raise SubscriptionUnknown(subscription)
    return found


async def unsubscribe(ports: Ports, tenant: int, subscription: str, actor: str) -> None:
    """Tell it nothing more, not even what waits. Raises SubscriptionUnknown."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        found = store.find_subscription(conn, tenant, subscription)
        if found is None:
            raise SubscriptionUnknown(subscription)
        store.delete_subscription(conn, tenant, subscription)
        audit_in(conn, tenant, actor, "subscription.deleted", subscription, _plain(found), None, now)

    await ports.db.write(unit)


def _plain(one: Subscription) -> dict[str, object]:
    return {"topics": one.topics, "url": one.url, "signed": bool(one.sealed)}
