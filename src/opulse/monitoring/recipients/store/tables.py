"""Recipients, and which notification tells which of them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.monitoring.recipients.models import Channel

recipients = Table(
    "recipients",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("recipient_type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("webhook", JsonDoc, nullable=False),  # {} for e-mail; secrets in it are sealed
    Column("tell_end", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("disabled_reason", Text, nullable=False, server_default=""),  # empty: it is told
    Column("disabled_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
)
Index(
    "uq_recipients_webhook_name",
    recipients.c.tenant,
    recipients.c.name_key,
    unique=True,
    sqlite_where=recipients.c.channel == Channel.WEBHOOK.value,
    postgresql_where=recipients.c.channel == Channel.WEBHOOK.value,
)

assignments = Table(
    "recipient_assignments",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("notification", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "recipient", "notification"),
    ForeignKeyConstraint(["tenant", "recipient"], ["recipients.tenant", "recipients.id"]),
    Index("ix_recipient_assignments_notification", "tenant", "notification"),
)
