"""What the decider remembers of a notification between two decisions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from opulse.db import upsert
from opulse.monitoring.activations.models import Watch
from opulse.monitoring.activations.store.tables import watches

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def find_watch(conn: Connection, tenant: int, notification: str) -> Watch:
    """What is remembered; of a new notification: nothing was decided yet. ``is_open`` is always False here."""
    row = conn.execute(
        select(watches).where(watches.c.tenant == tenant, watches.c.notification == notification)
    ).first()
    return _watch(row) if row else Watch(False, -1, NEVER, None, None, None)


def list_watches(conn: Connection, tenant: int) -> dict[str, Watch]:
    rows = conn.execute(select(watches).where(watches.c.tenant == tenant))
    return {row.notification: _watch(row) for row in rows}


def save_watch(conn: Connection, tenant: int, notification: str, watch: Watch) -> None:
    row = {
        "tenant": tenant,
        "notification": notification,
        "decided_to": watch.decided_to,
        "decided_at": watch.decided_at,
        "met_since": watch.met_since,
        "below_since": watch.below_since,
        "suppressed_until": watch.suppressed_until,
        "ended_at": watch.ended_at,
    }
    upsert(conn, watches, [row], key=("tenant", "notification"), change=tuple(row)[2:])


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        False,
        row.decided_to,
        row.decided_at,
        row.met_since,
        row.below_since,
        row.suppressed_until,
        row.ended_at,
    )
