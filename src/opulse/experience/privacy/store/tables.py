"""Requests to forget people, and for how long things are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
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
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata, upsert
from opulse.experience.privacy.models import Erasure, ErasureState, Terms

erasures = Table(
    "erasures",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("keys", JsonDoc, nullable=False),  # emptied when it is done
    Column("state", Text, nullable=False),
    Column("people", Integer, nullable=False),
    Column("report", JsonDoc, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_erasures_created", "tenant", "created_at"),
)

retention_terms = Table(
    "retention_terms",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("days", JsonDoc, nullable=False),  # name of a term → days
    PrimaryKeyConstraint("tenant"),
)


def insert_erasure(conn: Connection, tenant: int, one: Erasure) -> None:
    row = {name: getattr(one, name) for name in ("id", "people", "actor", "created_at", "done_at")}
    row |= {"keys": list(one.keys), "report": dict(one.report), "state": one.state.value}
    conn.execute(insert(erasures).values(tenant=tenant, **row))


def find_erasure(conn: Connection, tenant: int, erasure: str) -> Erasure | None:
    row = conn.execute(select(erasures).where(erasures.c.tenant == tenant, erasures.c.id == erasure)).first()
    return _erasure(row) if row else None


def list_erasures(conn: Connection, tenant: int, limit: int = 50) -> list[Erasure]:
    """Newest first."""
    query = select(erasures).where(erasures.c.tenant == tenant).order_by(erasures.c.created_at.desc())
    return [_erasure(row) for row in conn.execute(query.limit(limit))]


def add_report(conn: Connection, tenant: int, erasure: str, done: Mapping[str, int]) -> None:
    """Add what was erased to the report."""
    found = find_erasure(conn, tenant, erasure)
    if found is None:
        return
    report = dict(found.report)
    for word, count in done.items():
        report[word] = report.get(word, 0) + count
    conn.execute(
        update(erasures).where(erasures.c.tenant == tenant, erasures.c.id == erasure).values(report=report)
    )


def set_done(conn: Connection, tenant: int, erasure: str, now: datetime) -> None:
    """It is done, and names nobody any more."""
    conn.execute(
        update(erasures)
        .where(erasures.c.tenant == tenant, erasures.c.id == erasure)
        .values(state=ErasureState.DONE.value, keys=[], done_at=now)
    )


def find_terms(conn: Connection, tenant: int) -> Terms:
    days = conn.execute(select(retention_terms.c.days).where(retention_terms.c.tenant == tenant)).scalar()
    return Terms(**(asdict(Terms()) | dict(days or {})))


def put_terms(conn: Connection, tenant: int, terms: Terms) -> None:
    upsert(
        conn, retention_terms, [{"tenant": tenant, "days": asdict(terms)}], key=["tenant"], change=["days"]
    )


def _erasure(row: Row[Any]) -> Erasure:
    return Erasure(
        row.id,
        tuple(row._mapping["keys"]),
        ErasureState(row.state),
        row.people,
        row.report,
        row.actor,
        row.created_at,
        row.done_at,
    )
