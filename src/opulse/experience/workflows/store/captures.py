"""JSON events that were kept to look at: the newest of each workflow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.experience.workflows.models import Capture
from opulse.experience.workflows.store.definitions import workflows

captures = Table(
    "event_captures",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("body", JsonDoc, nullable=False),  # {} or {"body": as it came}
    Column("received_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "workflow"),
)


def open_capture(conn: Connection, tenant: int, workflow: str, until: datetime) -> None:
    """Wait for an event; the one that was kept before is forgotten."""
    conn.execute(delete(captures).where(captures.c.tenant == tenant, captures.c.workflow == workflow))
    conn.execute(
        insert(captures).values(tenant=tenant, workflow=workflow, until_at=until, body={}, received_at=None)
    )
    _set_until(conn, tenant, workflow, until)


def close_capture(conn: Connection, tenant: int, workflow: str) -> None:
    """Wait no more; what was kept stays."""
    _set_until(conn, tenant, workflow, None)


def keep_event(conn: Connection, tenant: int, workflow: str, body: Mapping[str, Any], now: datetime) -> bool:
    """Keep the event and wait no more. False when another one came first, or nobody waits any more."""
    waiting = (
        captures.c.tenant == tenant,
        captures.c.workflow == workflow,
        captures.c.received_at.is_(None),
        captures.c.until_at > now,
    )
    done = conn.execute(update(captures).where(*waiting).values(body={"body": dict(body)}, received_at=now))
    if done.rowcount:
        close_capture(conn, tenant, workflow)
    return bool(done.rowcount)


def find_capture(conn: Connection, tenant: int, workflow: str) -> Capture | None:
    row = conn.execute(
        select(captures).where(captures.c.tenant == tenant, captures.c.workflow == workflow)
    ).one_or_none()
    return None if row is None else Capture(row.until_at, row.body.get("body"), row.received_at)


def _set_until(conn: Connection, tenant: int, workflow: str, until: datetime | None) -> None:
    conn.execute(
        update(workflows)
        .where(workflows.c.tenant == tenant, workflows.c.id == workflow)
        .values(capture_until=until)
    )
