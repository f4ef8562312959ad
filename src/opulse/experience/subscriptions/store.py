"""Event subscriptions: all SQL of the stage."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from opulse.db import Instant, metadata
from opulse.experience.subscriptions.models import Subscription, SubscriptionState

subscriptions = Table(
    "event_subscriptions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("sealed", Text, nullable=False),  # the shared key; empty: events are sent unsigned
    Column("state", Text, nullable=False),
    Column("successful", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)


def insert_subscription(conn: Connection, one: Subscription) -> None:
    """Keep it."""
    names = subscriptions.c.keys()
    row = {name: getattr(one, name) for name in names}
    conn.execute(insert(subscriptions).values(row | {"state": one.state.value}))


def list_subscriptions(
    conn: Connection, tenant: int, offset: int = 0, limit: int = 1_000
) -> list[Subscription]:
    """The oldest first."""
    of_tenant = select(subscriptions).where(subscriptions.c.tenant == tenant)
    ordered = of_tenant.order_by(subscriptions.c.created_at, subscriptions.c.id)
    return [_read(row) for row in conn.execute(ordered.offset(offset).limit(limit))]


def list_listening(conn: Connection, tenant: int) -> list[Subscription]:
    """Those that are told."""
    told = (subscriptions.c.tenant == tenant, subscriptions.c.state == SubscriptionState.ACTIVE.value)
    return [_read(row) for row in conn.execute(select(subscriptions).where(*told))]


def count_subscriptions(conn: Connection, tenant: int) -> int:
    """How many the tenant has."""
    counted = select(func.count()).select_from(subscriptions).where(subscriptions.c.tenant == tenant)
    return int(conn.execute(counted).scalar_one())


def find_subscription(conn: Connection, tenant: int, subscription: str) -> Subscription | None:
    """One of them."""
    row = conn.execute(select(subscriptions).where(*_this(tenant, subscription))).one_or_none()
    return None if row is None else _read(row)


def delete_subscription(conn: Connection, tenant: int, subscription: str) -> None:
    """Forget it; jobs that still name it then send nothing."""
    conn.execute(delete(subscriptions).where(*_this(tenant, subscription)))


def count_success(conn: Connection, tenant: int, subscription: str) -> None:
    """One more event was taken."""
    more = subscriptions.c.successful + 1
    conn.execute(update(subscriptions).where(*_this(tenant, subscription)).values(successful=more))


def set_state(conn: Connection, tenant: int, subscription: str, state: SubscriptionState) -> None:
    """See :class:`SubscriptionState`."""
    conn.execute(update(subscriptions).where(*_this(tenant, subscription)).values(state=state.value))


def _this(tenant: int, subscription: str) -> tuple[Any, Any]:
    return subscriptions.c.tenant == tenant, subscriptions.c.id == subscription


def _read(row: Row[Any]) -> Subscription:
    return Subscription(**(dict(row._mapping) | {"state": SubscriptionState(row.state)}))
