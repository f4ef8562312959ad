"""Plan a maintenance window, and end one early."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from opulse.db import wake
from opulse.monitoring.maintenance import store
from opulse.monitoring.maintenance.models import MaintenanceWindow, Repeat, WindowDraft, WindowRefused
from opulse.monitoring.maintenance.rules import check_draft
from opulse.monitoring.systems.views import find_group
from opulse.ports import Ports
from opulse.tenancy import audit_in

WAKE = "maintenance"
"""Woken whenever a window was planned or ended."""


async def plan_window(ports: Ports, tenant: int, actor: str, draft: WindowDraft) -> MaintenanceWindow:
    """Plan it. One that has begun already counts from the decider's next look.

    Raises:
        WindowRefused: with everything to mend.
    """
    return await ports.db.write(plan_window_in, tenant, actor, draft, ports.clock.now())


def plan_window_in(
    conn: Connection, tenant: int, actor: str, draft: WindowDraft, now: datetime
) -> MaintenanceWindow:
    """:func:`plan_window` inside another unit."""
    group = find_group(conn, tenant, draft.group_id)
    problems = check_draft(draft, group_known=group is not None)
    if problems or group is None or draft.starts_at is None or draft.ends_at is None:
        raise WindowRefused(problems)
    window = MaintenanceWindow(
        id=str(uuid4()),
        name=draft.name.strip(),
        group_idx=group.idx,
        group_id=group.guid,
        group_name=group.name,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        repeat=Repeat(draft.repeat),
        zone=draft.zone,
        until=draft.until,
        created_by=actor,
        created_at=now,
    )
    store.insert_window(conn, tenant, window)
    audit_in(conn, tenant, actor, "maintenance.planned", window.name, None, describe(window), now)
    wake(conn, WAKE)
    return window


async def end_window(ports: Ports, tenant: int, actor: str, window: str) -> MaintenanceWindow | None:
    """End it now, and all that would come again. None: there is none of that id that is not over."""
    return await ports.db.write(end_window_in, tenant, actor, window, ports.clock.now())


def end_window_in(
    conn: Connection, tenant: int, actor: str, window: str, now: datetime
) -> MaintenanceWindow | None:
    """:func:`end_window` inside another unit."""
    found = store.find_window(conn, tenant, window)
    if found is None or not store.end_window(conn, tenant, window, now):
        return None
    audit_in(conn, tenant, actor, "maintenance.ended", found.name, describe(found), None, now)
    wake(conn, WAKE)
    return found


def describe(window: MaintenanceWindow) -> dict[str, Any]:
    """For the audit trail."""
    return {
        "group": window.group_name,
        "starts_at": window.starts_at.isoformat(),
        "ends_at": window.ends_at.isoformat(),
        "repeat": window.repeat.value,
        "zone": window.zone,
        "until": window.until.isoformat() if window.until else None,
    }
