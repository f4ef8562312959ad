"""When each scheduled workflow starts next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from opulse.db import Instant, metadata
from opulse.experience.extensions.schedule.models import Due

schedules = Table(
    "workflow_schedules",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("next_at", Instant, nullable=True),  # null: not worked out since the workflow was saved
    PrimaryKeyConstraint("tenant", "workflow"),
    Index("ix_workflow_schedules_next", "next_at"),
)


def reset_schedule(conn: Connection, tenant: int, workflow: str) -> None:
    """The workflow was saved and is on: its next time is worked out anew."""
    delete_schedule(conn, tenant, workflow)
    conn.execute(insert(schedules).values(tenant=tenant, workflow=workflow, next_at=None))


def delete_schedule(conn: Connection, tenant: int, workflow: str) -> None:
    conn.execute(delete(schedules).where(schedules.c.tenant == tenant, schedules.c.workflow == workflow))


def list_due(conn: Connection, now: datetime, limit: int) -> list[Due]:
    """Resolver across tenants: workflows whose time has come, and those without one."""
    rows = conn.execute(
        select(schedules)
        .where(or_(schedules.c.next_at.is_(None), schedules.c.next_at <= now))
        .order_by(schedules.c.tenant, schedules.c.workflow)
        .limit(limit)
    )
    return [Due(row.tenant, row.workflow, row.next_at) for row in rows]


def set_next(conn: Connection, due: Due, next_at: datetime) -> bool:
    """Move on; False when somebody else has."""
    unchanged = schedules.c.next_at.is_(None) if due.next_at is None else schedules.c.next_at == due.next_at
    done = conn.execute(
        update(schedules)
        .where(schedules.c.tenant == due.tenant, schedules.c.workflow == due.workflow, unchanged)
        .values(next_at=next_at)
    )
    return done.rowcount == 1


def find_next(conn: Connection, tenant: int, workflow: str) -> datetime | None:
    """When the workflow starts next; None where that is not worked out, or it is off."""
    return conn.execute(
        select(schedules.c.next_at).where(schedules.c.tenant == tenant, schedules.c.workflow == workflow)
    ).scalar_one_or_none()
