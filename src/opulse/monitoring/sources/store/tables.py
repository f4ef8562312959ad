"""The tables of the stage."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from opulse.db import Instant, JsonDoc, metadata

sources = Table(
    "sources",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # SourceKind
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),  # casefolded
    Column("settings", JsonDoc, nullable=False),
    Column("life", BigInteger, nullable=False),  # seconds; 0: for ever
    Column("enabled", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),  # of what it wrote into the journal
    Column("made", Integer, nullable=False),  # sensors that it added
    Column("received", BigInteger, nullable=False),  # requests
    Column("received_at", Instant, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "name_key"),
)

holds = Table(
    "source_holds",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("system", Integer, nullable=False),
    Column("sensor", Integer, nullable=False),
    Column("instance", Text, nullable=False),  # as written; empty: none
    Column("triggered", Boolean, nullable=False),  # False: it has ended, and is remembered for a while
    Column("at", Instant, nullable=False),  # since when, by the other tool's clock
    Column("named_at", Instant, nullable=False),  # when the other tool last said so
    Column("expires_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "source", "key"),
    ForeignKeyConstraint(["tenant", "source"], ["sources.tenant", "sources.id"]),
    Index("ix_source_holds_target", "tenant", "system", "sensor"),
    Index("ix_source_holds_expires", "tenant", "expires_at"),
)

faults = Table(
    "source_faults",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),  # LeftReason
    Column("detail", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "source", "what", "reason"),
    ForeignKeyConstraint(["tenant", "source"], ["sources.tenant", "sources.id"]),
)
