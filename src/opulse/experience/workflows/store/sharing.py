"""Who may do what with a workflow, and who is told of its failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from opulse.experience.workflows.models import NoticeKind, Notices, ShareLevel, Sharing
from opulse.experience.workflows.store.definitions import workflows
from opulse.experience.workflows.store.runs import runs

shares = Table(
    "workflow_shares",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "workflow", "person"),
)

notices = Table(
    "workflow_notices",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("kinds", JsonDoc, nullable=False),
    Column("addresses", JsonDoc, nullable=False),
    Column("told_at", JsonDoc, nullable=False),  # kind → when the last mail left
    PrimaryKeyConstraint("tenant", "workflow"),
)


def find_sharing(conn: Connection, tenant: int, workflow: str) -> Sharing:
    return list_sharing(conn, tenant, [workflow]).get(workflow, Sharing("", False, {}))


def list_sharing(conn: Connection, tenant: int, ids: Sequence[str] = ()) -> dict[str, Sharing]:
    """Workflow → its sharing; of all workflows of the tenant where no ids are given."""
    found: dict[str, dict[str, ShareLevel]] = {}
    query = select(shares).where(shares.c.tenant == tenant)
    heads = select(workflows.c.id, workflows.c.owner, workflows.c.private).where(workflows.c.tenant == tenant)
    if ids:
        query, heads = query.where(shares.c.workflow.in_(ids)), heads.where(workflows.c.id.in_(ids))
    for row in conn.execute(query):
        found.setdefault(row.workflow, {})[row.person] = ShareLevel(row.level)
    return {row.id: Sharing(row.owner, row.private, found.get(row.id, {})) for row in conn.execute(heads)}


def replace_sharing(
    conn: Connection, tenant: int, workflow: str, sharing: Sharing, author: str, now: datetime
) -> None:
    """Set owner, privacy and all shares."""
    conn.execute(
        update(workflows)
        .where(workflows.c.tenant == tenant, workflows.c.id == workflow)
        .values(owner=sharing.owner, private=sharing.private)
    )
    conn.execute(delete(shares).where(shares.c.tenant == tenant, shares.c.workflow == workflow))
    rows = [
        {
            "tenant": tenant,
            "workflow": workflow,
            "person": person,
            "level": int(level),
            "author": author,
            "at": now,
        }
        for person, level in sharing.shares.items()
    ]
    if rows:
        conn.execute(insert(shares), rows)


def find_notices(conn: Connection, tenant: int, workflow: str) -> Notices:
    row = conn.execute(
        select(notices).where(notices.c.tenant == tenant, notices.c.workflow == workflow)
    ).one_or_none()
    return Notices() if row is None else _notices(row)


def replace_notices(conn: Connection, tenant: int, workflow: str, wanted: Notices) -> None:
    conn.execute(delete(notices).where(notices.c.tenant == tenant, notices.c.workflow == workflow))
    conn.execute(
        insert(notices).values(
            tenant=tenant,
            workflow=workflow,
            kinds=[kind.value for kind in wanted.kinds],
            addresses=list(wanted.addresses),
            told_at=dict(wanted.told_at or {}),
        )
    )


def set_told(conn: Connection, tenant: int, workflow: str, told_at: Mapping[str, str]) -> None:
    conn.execute(
        update(notices)
        .where(notices.c.tenant == tenant, notices.c.workflow == workflow)
        .values(told_at=dict(told_at))
    )


def list_wanted_notices(
    conn: Connection, run_ids: Sequence[tuple[int, str]]
) -> list[tuple[int, str, str, Notices]]:
    """Of these (tenant, run) those whose workflow tells somebody of something: (tenant, run, workflow, what)."""
    if not run_ids:
        return []
    found = conn.execute(
        select(
            runs.c.tenant, runs.c.id, runs.c.workflow, notices.c.kinds, notices.c.addresses, notices.c.told_at
        )
        .join(notices, (notices.c.tenant == runs.c.tenant) & (notices.c.workflow == runs.c.workflow))
        .where(
            runs.c.id.in_([run for _, run in run_ids]), runs.c.tenant.in_({tenant for tenant, _ in run_ids})
        )
    )
    wanted = set(run_ids)
    return [
        (row.tenant, row.id, row.workflow, _notices(row)) for row in found if (row.tenant, row.id) in wanted
    ]


def _notices(row: Any) -> Notices:
    return Notices(tuple(NoticeKind(kind) for kind in row.kinds), tuple(row.addresses), row.told_at)
