"""Say that somebody opted out of a directory or a list, or in again, in the unit that wrote it."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.directory.models import SUBSCRIPTION_CHANGED
from opulse.jobs import enqueue
from opulse.wire.identifiers import random_text


def announce_subscription_in(conn: Connection, tenant: int, contact: str, list_id: str, *, out: bool) -> None:
    """``list_id`` empty: of the whole directory."""
    payload = {"event": random_text(15), "contact": contact, "list": list_id, "subscribed": not out}
    enqueue(conn, tenant, SUBSCRIPTION_CHANGED, payload, priority=6)
