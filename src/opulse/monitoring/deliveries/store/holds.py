"""Hosts that asked for a pause."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from opulse.db import upsert
from opulse.monitoring.deliveries.store.tables import holds


def find_hold(conn: Connection, tenant: int, host: str, now: datetime) -> datetime | None:
    """Until when nothing is sent there; None: it may be."""
    query = select(holds.c.until).where(holds.c.tenant == tenant, holds.c.host == host, holds.c.until > now)
    found: datetime | None = conn.execute(query).scalar_one_or_none()
    return found


def hold_host(conn: Connection, tenant: int, host: str, until: datetime, now: datetime) -> None:
    """Nothing is sent there before ``until``; a longer pause that it asked for stays. What is over is forgotten."""
    conn.execute(delete(holds).where(holds.c.tenant == tenant, holds.c.until <= now))
    known = find_hold(conn, tenant, host, now)
    if known is None or known < until:
        row = {"tenant": tenant, "host": host, "until": until}
        upsert(conn, holds, [row], key=("tenant", "host"), change=("until",))
