"""Say what happened to all who listen: in the unit that writes what happened."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.subscriptions import store
from opulse.experience.subscriptions.models import Event, Subscription
from opulse.experience.subscriptions.rules import told_of
from opulse.jobs.table import enqueue_all
from opulse.wire.identifiers import random_text

EVENT_PUBLISHED = "event.published"
"""Job {subscription, topic, message}: one per subscription and event."""
PRIORITY = 7


def listening_in(conn: Connection, tenant: int) -> list[Subscription]:
    """Who is told anything at all; mostly nobody, and then there is nothing to put together."""
    return store.list_listening(conn, tenant)


def publish_in(
    conn: Connection, tenant: int, events: Sequence[Event], listening: Sequence[Subscription] | None = None
) -> None:
    """One job per subscription and event, in one statement for all of them."""
    told = store.list_listening(conn, tenant) if listening is None else listening
    rows = [
        (
            f"{subscription} {event.topic} {event.key or random_text(15)}",
            {"subscription": subscription, "topic": event.topic, "message": dict(event.message)},
        )
        for subscription, event in told_of(told, events)
    ]
    enqueue_all(conn, tenant, EVENT_PUBLISHED, rows, priority=PRIORITY)
