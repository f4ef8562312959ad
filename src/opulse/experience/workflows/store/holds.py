"""Holds: while one is in force, events are taken and their runs wait."""

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
from opulse.experience.workflows.models import Hold, RunState
from opulse.experience.workflows.store.runs import runs

EVERY_WORKFLOW = ""

holds = Table(
    "workflow_holds",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("workflow", Text, nullable=False),  # empty: all of the tenant
    Column("name", Text, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=True),  # null: until a person ends it
    Column("author", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_workflow_holds_workflow", "tenant", "workflow"),
)


def insert_hold(conn: Connection, tenant: int, hold: Hold) -> None:
    conn.execute(
        insert(holds).values(
            tenant=tenant,
            id=hold.id,
            workflow=hold.workflow,
            name=hold.name,
            from_at=hold.from_at,
            until_at=hold.until_at,
            author=hold.author,
        )
    )


def delete_hold(conn: Connection, tenant: int, hold: str) -> Hold | None:
    """Take a hold away. Returns it; None when there is none of this id."""
    row = conn.execute(select(holds).where(holds.c.tenant == tenant, holds.c.id == hold)).one_or_none()
    conn.execute(delete(holds).where(holds.c.tenant == tenant, holds.c.id == hold))
    return None if row is None else _hold(row)


def find_hold(conn: Connection, tenant: int, hold: str) -> Hold | None:
    row = conn.execute(select(holds).where(holds.c.tenant == tenant, holds.c.id == hold)).one_or_none()
    return None if row is None else _hold(row)


def list_holds(conn: Connection, tenant: int, workflow: str, now: datetime) -> list[Hold]:
    """Holds of this workflow and of all workflows that are in force or to come."""
    rows = conn.execute(
        select(holds)
        .where(
            holds.c.tenant == tenant,
            holds.c.workflow.in_([workflow, EVERY_WORKFLOW]),
            or_(holds.c.until_at.is_(None), holds.c.until_at > now),
        )
        .order_by(holds.c.from_at, holds.c.id)
    )
    return [_hold(row) for row in rows]


def hold_run(conn: Connection, tenant: int, run: str, reason: str) -> None:
    conn.execute(
        update(runs)
        .where(
            runs.c.tenant == tenant,
            runs.c.id == run,
            runs.c.state.in_([RunState.QUEUED.value, RunState.HELD.value]),
        )
        .values(state=RunState.HELD.value, reason=reason)
    )


def list_held_runs(conn: Connection, tenant: int, workflow: str, after: str, limit: int) -> list[str]:
    """Ids of runs that wait, in order; of one workflow, or of all."""
    query = select(runs.c.id).where(
        runs.c.tenant == tenant, runs.c.state == RunState.HELD.value, runs.c.id > after
    )
    if workflow:
        query = query.where(runs.c.workflow == workflow)
    return list(conn.execute(query.order_by(runs.c.id).limit(limit)).scalars())


def _hold(row: object) -> Hold:
    return Hold(row.id, row.workflow, row.name, row.from_at, row.until_at, row.author)  # type: ignore[attr-defined]
