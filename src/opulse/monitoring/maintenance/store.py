"""All SQL of maintenance windows. One that is over stays as a row: past incidents are read with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    insert,
    or_,
    select,
    update,
)

from opulse.db import Instant, metadata
from opulse.monitoring.maintenance.models import MaintenanceWindow, Repeat
from opulse.monitoring.systems.models import Group
from opulse.monitoring.systems.views import find_group_by_idx, list_groups

windows = Table(
    "maintenance_windows",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("group_idx", Integer, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("repeat", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("until", Instant, nullable=True),
    Column("over_at", Instant, nullable=True),  # from then on it never comes again; null: not known
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_maintenance_windows_over", "tenant", "over_at"),
)


def insert_window(conn: Connection, tenant: int, window: MaintenanceWindow) -> None:
    conn.execute(
        insert(windows).values(
            tenant=tenant,
            id=window.id,
            name=window.name,
            group_idx=window.group_idx,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            repeat=window.repeat.value,
            zone=window.zone,
            until=window.until,
            over_at=window.ends_at if window.repeat is Repeat.ONCE else None,
            created_by=window.created_by,
            created_at=window.created_at,
        )
    )


def end_window(conn: Connection, tenant: int, window: str, now: datetime) -> bool:
    """It is over from now on. False: there is none of that id, or it is over."""
    done = conn.execute(
        update(windows)
        .where(windows.c.tenant == tenant, windows.c.id == window, _not_over(now))
        .values(over_at=now)
    )
    return done.rowcount > 0


def find_window(conn: Connection, tenant: int, window: str) -> MaintenanceWindow | None:
    row = conn.execute(select(windows).where(windows.c.tenant == tenant, windows.c.id == window)).first()
    return None if row is None else _window(row, find_group_by_idx(conn, tenant, row.group_idx))


def list_windows(conn: Connection, tenant: int, now: datetime) -> list[MaintenanceWindow]:
    """Those that are not over, by their start."""
    rows = conn.execute(
        select(windows)
        .where(windows.c.tenant == tenant, _not_over(now))
        .order_by(windows.c.starts_at, windows.c.id)
    )
    found = rows.all()
    groups = {group.idx: group for group in list_groups(conn, tenant)} if found else {}
    return [_window(row, groups.get(row.group_idx)) for row in found]


def _not_over(now: datetime) -> Any:
    return or_(windows.c.over_at.is_(None), windows.c.over_at > now)


def _window(row: Row[Any], group: Group | None) -> MaintenanceWindow:
    return MaintenanceWindow(
        id=row.id,
        name=row.name,
        group_idx=row.group_idx,
        group_id=group.guid if group else "",
        group_name=group.name if group else "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        repeat=Repeat(row.repeat),
        zone=row.zone,
        until=row.until,
        created_by=row.created_by,
        created_at=row.created_at,
    )
