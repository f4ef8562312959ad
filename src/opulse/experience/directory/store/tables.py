"""The directory's tables."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from opulse.db import Instant, JsonDoc, metadata

BY_LETTER = "text_pattern_ops"
"""PostgreSQL: an index in the order of the letters' codes, whatever the language of the database; for starts of words."""

directories = Table(
    "directories",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column(
        "contacts", Integer, nullable=False, server_default="0"
    ),  # how many it has: see contacts.count_more
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),  # lower case; empty when there is no address
    Column("ext_ref", Text, nullable=False),
    Column("ext_ref_key", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("embedded", JsonDoc, nullable=False),  # flat, no nulls
    Column("unsubscribed", Boolean, nullable=False),
    Column("unsubscribed_at", Instant, nullable=True),
    Column("muted_until", Instant, nullable=True),
    Column("alarm_until", Instant, nullable=True),  # when lastAlarm ends; null: no alarm
    Column("deleted", Boolean, nullable=False),
    Column("merged_into", Text, nullable=True),  # of a deleted one: who they turned out to be
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # stored, as PostgreSQL wants it; SQLite, which can add only virtual ones to a table, has them so after a migration
    Column("last_name_key", Text, Computed("lower(last_name)", persisted=True)),
    Column("first_name_key", Text, Computed("lower(first_name)", persisted=True)),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
    Index("ix_contacts_directory", "tenant", "directory", "id"),
    Index("ix_contacts_alarm", "alarm_until"),
    *(
        Index(
            f"ix_contacts_{name}",
            "tenant",
            "directory",
            f"{name}_key",
            postgresql_ops={f"{name}_key": BY_LETTER},
        )
        for name in ("email", "ext_ref", "last_name", "first_name")
    ),
)
_HAS_PHONE = contacts.c.phone != ""
Index(
    "ix_contacts_phone",
    contacts.c.tenant,
    contacts.c.directory,
    contacts.c.phone,
    sqlite_where=_HAS_PHONE,
    postgresql_where=_HAS_PHONE,
)

mailing_lists = Table(
    "mailing_lists",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("kind", Text, nullable=False, server_default="list"),
    Column("owner", Text, nullable=False, server_default=""),  # a person's id; empty: everybody's
    Column("rule", Text, nullable=False, server_default=""),  # of a segment
    Column("source", Text, nullable=False, server_default=""),  # of a sample
    Column("refreshed_at", Instant, nullable=True),
    Column("expires_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
)

list_shares = Table(
    "list_shares",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("list", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("may_edit", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "list", "person"),
    ForeignKeyConstraint(["tenant", "list"], ["mailing_lists.tenant", "mailing_lists.id"]),
)

list_members = Table(
    "list_members",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("list", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("unsubscribed", Boolean, nullable=False),
    Column("unsubscribed_at", Instant, nullable=True),
    Column("added_at", Instant, nullable=False),
    Column(
        "embedded", JsonDoc, nullable=False, server_default="{}"
    ),  # private data: of this place on this list
    PrimaryKeyConstraint("tenant", "list", "contact"),
    ForeignKeyConstraint(["tenant", "list"], ["mailing_lists.tenant", "mailing_lists.id"]),
    ForeignKeyConstraint(["tenant", "contact"], ["contacts.tenant", "contacts.id"]),
    Index("ix_list_members_contact", "tenant", "contact"),
)

frequency_rules = Table(
    "frequency_rules",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("limit", Integer, nullable=False),
    Column("period_seconds", Integer, nullable=False),
    Column("scope", Text, nullable=False, server_default="directory"),
    Column(
        "target", Text, nullable=False, server_default=""
    ),  # the list or survey; empty: all of the directory
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
)

watched_fields = Table(
    "watched_fields",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("directory", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("owner", Text, nullable=False),  # the workflow whose conditions read it
    PrimaryKeyConstraint("tenant", "directory", "field", "owner"),
)

change_sets = Table(
    "change_sets",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("run", Text, nullable=False),
    Column("chain", JsonDoc, nullable=False),
    Column("patch", JsonDoc, nullable=False),
    Column("count", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_change_sets_run", "tenant", "run"),
    Index("ix_change_sets_activation", "tenant", "activation"),
)

change_groups = Table(
    "change_groups",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("change_set", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("before", JsonDoc, nullable=False),
    Column("after", JsonDoc, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "change_set", "number"),
    ForeignKeyConstraint(["tenant", "change_set"], ["change_sets.tenant", "change_sets.id"]),
)

change_members = Table(
    "change_members",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("change_set", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "change_set", "contact"),
    ForeignKeyConstraint(["tenant", "change_set"], ["change_sets.tenant", "change_sets.id"]),
    Index("ix_change_members_contact", "tenant", "contact"),
)
