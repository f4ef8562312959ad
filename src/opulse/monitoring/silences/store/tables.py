"""The tables of silences, inhibitions and mutes."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from opulse.db import Instant, JsonDoc, metadata

silences = Table(
    "silences",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("notification", Text, nullable=False),  # empty: any
    Column("sensor", Text, nullable=False),  # a name; empty: any
    Column("group", Text, nullable=False),  # empty: any
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_silences_end", "tenant", "ends_at"),
)

inhibitions = Table(
    "inhibitions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("symptoms", JsonDoc, nullable=False),  # ids of notifications
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)

mutes = Table(
    "activation_mutes",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("activation", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("ended_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "activation"),
    ForeignKeyConstraint(["tenant", "activation"], ["activations.tenant", "activations.id"]),
)
_WAITING = text("ended_at IS NULL")
Index(
    "ix_activation_mutes_waiting", mutes.c.tenant, sqlite_where=_WAITING, postgresql_where=_WAITING
)  # what is still muted: a handful at any time
