"""The tables of activations, and of what the decider remembers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.wire.affected import ActivationState

activations = Table(
    "activations",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("notification", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("snapshot", JsonDoc, nullable=False),
    Column("state", Text, nullable=False),
    Column("resolution", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant, nullable=True),
    Column("closed_by", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at_activation", LargeBinary, nullable=False),
    Column("at_activation_count", Integer, nullable=False),
    Column("ever", LargeBinary, nullable=False),
    Column("ever_count", Integer, nullable=False),
    Column("current", LargeBinary, nullable=False),
    Column("current_count", Integer, nullable=False),
    Column("current_position", BigInteger, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "notification"], ["notifications.tenant", "notifications.id"]),
    Index("ix_activations_opened", "tenant", "opened_at"),
)
Index(
    "uq_activations_open",
    activations.c.tenant,
    activations.c.notification,
    unique=True,
    sqlite_where=activations.c.state == ActivationState.ACTIVE.value,
    postgresql_where=activations.c.state == ActivationState.ACTIVE.value,
)

watches = Table(
    "activation_watches",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("notification", Text, nullable=False),
    Column("decided_to", BigInteger, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("met_since", Instant, nullable=True),
    Column("below_since", Instant, nullable=True),
    Column("suppressed_until", Instant, nullable=True),
    Column("ended_at", Instant, nullable=True),  # the last activation, where a cool-down counts from
    PrimaryKeyConstraint("tenant", "notification"),
    ForeignKeyConstraint(["tenant", "notification"], ["notifications.tenant", "notifications.id"]),
)
