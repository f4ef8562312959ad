"""What was told: of one activation, and the log of all of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from opulse.monitoring.activations.views import get_activation
from opulse.monitoring.deliveries import store
from opulse.monitoring.deliveries.models import Attempt, Delivery, LogCursor, LogFilter, LoggedDelivery

LOG_PAGE = 50
"""Deliveries, each with its attempts."""


@dataclass(frozen=True)
class DeliveryWithAttempts:
    """As the activation's page lists it."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class LoggedWithAttempts:
    """As the log lists it."""

    delivery: LoggedDelivery
    attempts: tuple[Attempt, ...]


def list_deliveries(conn: Connection, tenant: int, activation: str) -> list[DeliveryWithAttempts] | None:
    """None: no such activation in this tenant."""
    if get_activation(conn, tenant, activation) is None:
        return None
    found = store.list_deliveries(conn, tenant, activation)
    tried = store.list_attempts(conn, tenant, [delivery.id for delivery in found])
    return [DeliveryWithAttempts(delivery, tuple(tried.get(delivery.id, ()))) for delivery in found]


def read_log(
    conn: Connection, tenant: int, wanted: LogFilter, before: LogCursor | None
) -> tuple[list[LoggedWithAttempts], LogCursor | None]:
    """A page of the log, newest first, and where the next one begins; None: this is the last."""
    found = store.list_log(conn, tenant, wanted, before, LOG_PAGE + 1)
    shown = found[:LOG_PAGE]
    tried = store.list_attempts(conn, tenant, [delivery.id for delivery in shown])
    lines = [LoggedWithAttempts(delivery, tuple(tried.get(delivery.id, ()))) for delivery in shown]
    more = LogCursor(shown[-1].created_at, shown[-1].id) if len(found) > LOG_PAGE else None
    return lines, more
