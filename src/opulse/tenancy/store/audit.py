"""The audit trail: who changed what, from what, to what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Table, Text, insert, select

from opulse.db import Instant, JsonDoc, metadata

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("before", JsonDoc, nullable=False),
    Column("after", JsonDoc, nullable=False),
    Index("ix_audit_tenant_at", "tenant", "at"),
)


def insert_audit(
    conn: Connection,
    tenant: int,
    now: datetime,
    actor: str,
    action: str,
    what: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    conn.execute(
        insert(audit).values(
            tenant=tenant, at=now, actor=actor, action=action, what=what, before=before, after=after
        )
    )


def list_audit(
    conn: Connection, tenant: int, limit: int = 100, before_id: int | None = None
) -> list[dict[str, Any]]:
    """Newest first; ``before_id`` pages on."""
    query = select(audit).where(audit.c.tenant == tenant)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    rows = conn.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [dict(row._mapping) for row in rows]
