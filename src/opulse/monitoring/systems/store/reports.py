"""Which systems last reported in which hour: one bitmap per hour, each system in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Connection, delete, select

from opulse.db import upsert
from opulse.monitoring.systems.models import LastReports
from opulse.monitoring.systems.store.tables import last_reports


def read_last_reports(conn: Connection, tenant: int, now: datetime) -> LastReports:
    """All of the tenant's."""
    rows = conn.execute(
        select(last_reports.c.hour, last_reports.c.systems).where(last_reports.c.tenant == tenant)
    )
    return LastReports({row.hour: BitMap.deserialize(row.systems) for row in rows}, now)


def list_last(conn: Connection, tenant: int, wanted: BitMap) -> dict[int, datetime]:
    """The hour in which each of these systems last reported; those that never did are absent."""
    rows = conn.execute(
        select(last_reports.c.hour, last_reports.c.systems).where(last_reports.c.tenant == tenant)
    )
    return {system: row.hour for row in rows for system in BitMap.deserialize(row.systems) & wanted}


def write_hours(conn: Connection, tenant: int, hours: Mapping[datetime, BitMap]) -> None:
    """Set the bitmaps of these hours; an empty one goes."""
    rows = [
        {"tenant": tenant, "hour": hour, "systems": systems.serialize()}
        for hour, systems in hours.items()
        if systems
    ]
    upsert(conn, last_reports, rows, key=("tenant", "hour"), change=("systems",))
    for hour in (hour for hour, systems in hours.items() if not systems):
        conn.execute(delete(last_reports).where(last_reports.c.tenant == tenant, last_reports.c.hour == hour))
