"""The tables of the stage."""

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
    false,
    text,
)

from opulse.db import Instant, JsonDoc, metadata

responses = Table(
    "responses",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("invitation", Text, nullable=False),
    Column("individual", Boolean, nullable=False),  # False: the link may be answered by many
    Column("distribution", Text, nullable=False),
    Column("survey", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("activation", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column(
        "quarantine", Text, nullable=False
    ),  # the signs, heaviest first, with spaces between; empty when not quarantined
    Column("answers", JsonDoc, nullable=False),
    Column("language", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # counts the accepted posts
    Column("counted", Integer, nullable=False),  # the revision that the counts hold
    Column("started_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=True),
    Column("cut", Boolean, nullable=False, server_default=false()),  # the answers are no more this person's
    Column(
        "embedded", JsonDoc, nullable=False, server_default="{}"
    ),  # what programs have set beside the answers
    PrimaryKeyConstraint("tenant", "id"),
)
Index("ix_responses_invitation", responses.c.tenant, responses.c.invitation)
Index("ix_responses_activation", responses.c.tenant, responses.c.activation, responses.c.state)
Index("ix_responses_survey", responses.c.tenant, responses.c.survey, responses.c.id)
_ONE_PER_PERSON = text("individual AND state = 'recorded'")
Index(
    "uq_responses_recorded",
    responses.c.tenant,
    responses.c.invitation,
    unique=True,
    sqlite_where=_ONE_PER_PERSON,
    postgresql_where=_ONE_PER_PERSON,
)
_UNCOUNTED = responses.c.revision > responses.c.counted
Index(
    "ix_responses_uncounted",
    responses.c.tenant,
    responses.c.activation,
    sqlite_where=_UNCOUNTED,
    postgresql_where=_UNCOUNTED,
)

response_history = Table(
    "response_history",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("response", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("answers", JsonDoc, nullable=False),
    Column("language", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "response", "revision"),
    ForeignKeyConstraint(["tenant", "response"], ["responses.tenant", "responses.id"]),
)

response_walks = Table(
    "response_walks",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("session", Text, nullable=False),  # the invitation, a browser's key, or a test's id
    Column("survey", Text, nullable=False),
    Column("version", Integer, nullable=False),  # the one it began with
    Column("answers", JsonDoc, nullable=False),  # also those of pages that the way no longer meets
    Column("sent", JsonDoc, nullable=False),
    Column("embedded", JsonDoc, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "session"),
    Index("ix_response_walks_survey", "tenant", "survey", "updated_at"),
)

owner_corrections = Table(
    "owner_corrections",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("invitation", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "invitation"),
    Index("ix_owner_corrections_contact", "tenant", "contact"),
)
