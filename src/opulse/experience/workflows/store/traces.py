"""Condition traces: how conditions came out for each event, also where nothing ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Index, Integer, PrimaryKeyConstraint, Table, Text, select

from opulse.db import Instant, JsonDoc, insert_ignoring_known, metadata

traces = Table(
    "condition_traces",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("change_set", Text, nullable=False),  # or the event key of an event without contacts
    Column("number", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("matched", Boolean, nullable=False),
    Column(
        "why_not", Text, nullable=False
    ),  # empty, or why conditions were not asked at all (kind, chain, off)
    Column("trace", JsonDoc, nullable=False),
    Column("activation", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "workflow", "change_set", "number"),
    Index("ix_traces_activation", "tenant", "activation"),
)


def insert_traces(conn: Connection, tenant: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep traces; one that is known stays as it was."""
    if rows:
        insert_ignoring_known(conn, traces, [{"tenant": tenant, **row} for row in rows])


def insert_trace(conn: Connection, tenant: int, row: Mapping[str, Any]) -> None:
    insert_traces(conn, tenant, [row])


def list_traces(
    conn: Connection, tenant: int, *, workflow: str = "", activation: str = "", limit: int = 50
) -> list[dict[str, Any]]:
    """Newest first; each with its count of contacts."""
    query = select(traces).where(traces.c.tenant == tenant)
    if workflow:
        query = query.where(traces.c.workflow == workflow)
    if activation:
        query = query.where(traces.c.activation == activation)
    rows = conn.execute(query.order_by(traces.c.at.desc(), traces.c.number).limit(limit))
    return [dict(row._mapping) for row in rows]
