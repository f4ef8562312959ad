"""What is set: the silences that are not over, and all inhibitions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.silences import store
from opulse.monitoring.silences.models import Inhibition, Silence


def list_silences(conn: Connection, tenant: int, now: datetime) -> list[Silence]:
    """Those that are not over, by their end."""
    return store.list_silences(conn, tenant, now)


def list_inhibitions(conn: Connection, tenant: int) -> list[Inhibition]:
    """All of the tenant, oldest first."""
    return store.list_inhibitions(conn, tenant)
