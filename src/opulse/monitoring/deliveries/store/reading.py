"""Deliveries as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from opulse.monitoring.deliveries.models import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryReason,
    DeliveryState,
)
from opulse.monitoring.deliveries.store.tables import attempts, deliveries


def find_delivery(conn: Connection, tenant: int, delivery: str) -> Delivery | None:
    row = conn.execute(
        select(deliveries).where(deliveries.c.tenant == tenant, deliveries.c.id == delivery)
    ).first()
    return _delivery(row) if row else None


def list_deliveries(conn: Connection, tenant: int, activation: str) -> list[Delivery]:
    """In the order in which they were made."""
    rows = conn.execute(
        select(deliveries)
        .where(deliveries.c.tenant == tenant, deliveries.c.activation == activation)
        .order_by(deliveries.c.created_at, deliveries.c.recipient_name, deliveries.c.id)
    )
    return [_delivery(row) for row in rows]


def list_attempts(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Per delivery, in order."""
    rows = conn.execute(
        select(attempts)
        .where(attempts.c.tenant == tenant, attempts.c.delivery.in_(ids))
        .order_by(attempts.c.delivery, attempts.c.number)
    )
    found: dict[str, list[Attempt]] = {}
    for row in rows:
        found.setdefault(row.delivery, []).append(_attempt(row))
    return found


def _delivery(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)
    del values["tenant"]
    values |= {
        "state": DeliveryState(row.state),
        "reason": DeliveryReason(row.reason),
        "body": bytes(row.body),
    }
    return Delivery(**values)


def _attempt(row: Row[Any]) -> Attempt:
    values = dict(row._mapping)
    del values["tenant"]
    return Attempt(**(values | {"outcome": AttemptOutcome(row.outcome)}))
