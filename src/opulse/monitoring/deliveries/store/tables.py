"""Deliveries, their attempts, and the hosts that asked for a pause."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from opulse.db import Instant, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_sha256", Text, nullable=False),  # of the bytes that are sent
    Column("sealed", Boolean, nullable=False, server_default=false()),  # the body holds a sensitive value
    Column("attempts", Integer, nullable=False),
    Column("round_start", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=True),
    Column("finished_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "activation", "recipient", "event_type", "wave"),
    ForeignKeyConstraint(["tenant", "activation"], ["activations.tenant", "activations.id"]),
)

attempts = Table(
    "delivery_attempts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=True),
    Column("outcome", Text, nullable=False),
    Column("status", Integer, nullable=True),
    Column("error", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("snippet", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "delivery", "number"),
    ForeignKeyConstraint(["tenant", "delivery"], ["deliveries.tenant", "deliveries.id"]),
)
Index("ix_deliveries_state", deliveries.c.tenant, deliveries.c.state, deliveries.c.created_at)
Index("ix_deliveries_log", deliveries.c.tenant, deliveries.c.created_at, deliveries.c.id)
Index("ix_deliveries_recipient", deliveries.c.tenant, deliveries.c.recipient, deliveries.c.created_at)

holds = Table(
    "delivery_holds",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "host"),
)
"""Hosts that asked for a pause (429 or 503 with Retry-After): every worker keeps to it, whichever was told."""
