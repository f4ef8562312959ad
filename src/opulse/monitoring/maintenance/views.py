"""What downstream stages ask: which groups are being worked on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.maintenance import store
from opulse.monitoring.maintenance.models import MaintenanceWindow
from opulse.monitoring.maintenance.rules import is_under_way


def list_windows(conn: Connection, tenant: int, now: datetime) -> list[MaintenanceWindow]:
    """Those that are not over, by their start."""
    return store.list_windows(conn, tenant, now)


def list_maintained_groups(conn: Connection, tenant: int, now: datetime) -> frozenset[int]:
    """Indices of the groups whose systems count nowhere at this moment."""
    found = store.list_windows(conn, tenant, now)
    return frozenset(window.group_idx for window in found if is_under_way(window, now))
