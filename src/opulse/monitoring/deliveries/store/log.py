"""The log: deliveries of all activations, newest first, by what people look for."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Select, func, literal, select, tuple_

from opulse.db import Instant
from opulse.monitoring.activations.views import activations
from opulse.monitoring.deliveries.models import (
    DeliveryReason,
    DeliveryState,
    LogCursor,
    LogFilter,
    LoggedDelivery,
)
from opulse.monitoring.deliveries.store.tables import deliveries

_SHOWN: Final = tuple(
    deliveries.c[name]
    for name in (
        "id",
        "activation",
        "recipient",
        "recipient_name",
        "event_type",
        "state",
        "reason",
        "detail",
        "body_sha256",
        "created_at",
        "next_attempt_at",
        "finished_at",
    )
)


def list_log(
    conn: Connection, tenant: int, wanted: LogFilter, before: LogCursor | None, limit: int
) -> list[LoggedDelivery]:
    """At most ``limit`` deliveries older than ``before``."""
    rows = conn.execute(_page(tenant, wanted, before).limit(limit))
    return [
        LoggedDelivery(
            **(dict(row._mapping) | {"state": DeliveryState(row.state), "reason": DeliveryReason(row.reason)})
        )
        for row in rows
    ]


def list_failed(conn: Connection, tenant: int, recipient: str, limit: int) -> list[str]:
    """Ids of a recipient's dead deliveries that have bytes to send, oldest first."""
    query = (
        select(deliveries.c.id)
        .where(
            deliveries.c.tenant == tenant,
            deliveries.c.recipient == recipient,
            deliveries.c.state == DeliveryState.DEAD.value,
            deliveries.c.body != b"",
        )
        .order_by(deliveries.c.created_at, deliveries.c.id)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def _page(tenant: int, wanted: LogFilter, before: LogCursor | None) -> Select[Any]:
    query = (
        select(
            *_SHOWN,
            (func.length(deliveries.c.body) > 0).label("has_body"),
            activations.c.notification,
            activations.c.snapshot["name"].as_string().label("notification_name"),
        )
        .join(
            activations,
            (activations.c.tenant == deliveries.c.tenant) & (activations.c.id == deliveries.c.activation),
        )
        .where(deliveries.c.tenant == tenant)
        .order_by(deliveries.c.created_at.desc(), deliveries.c.id.desc())
    )
    if wanted.recipient:
        query = query.where(deliveries.c.recipient == wanted.recipient)
    if wanted.notification:
        query = query.where(activations.c.notification == wanted.notification)
    if wanted.state is not None:
        query = query.where(deliveries.c.state == wanted.state.value)
    if wanted.since is not None:
        query = query.where(deliveries.c.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(deliveries.c.created_at < wanted.until)
    if before is not None:
        query = query.where(
            tuple_(deliveries.c.created_at, deliveries.c.id)
            < tuple_(literal(before.created_at, Instant), literal(before.delivery))
        )
    return query
