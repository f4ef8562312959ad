"""The tables of the stage."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from opulse.db import Instant, JsonDoc, metadata

numbers = Table(
    "monitoring_numbers",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # Numbered
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "kind"),
)

systems = Table(
    "systems",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("guid", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),  # casefolded
    Column("fqdn", Text, nullable=False),
    Column("fqdn_key", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("operating_system", Text, nullable=False),
    Column("agent_version", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("attributes", JsonDoc, nullable=False),
    Column("deleted", Boolean, nullable=False),  # a tombstone: the index is never given again
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("serial", Text, nullable=False, server_default=""),
    Column("serial_key", Text, nullable=False, server_default=""),  # casefolded
    Column("ip_address", Text, nullable=False, server_default=""),
    Column("platform", Text, nullable=False, server_default=""),
    Column("retired_at", Instant, nullable=True),  # empty: it counts
    Column("restored_at", Instant, nullable=True),  # by hand, though it was silent; empty: never
    PrimaryKeyConstraint("tenant", "idx"),
    UniqueConstraint("tenant", "guid"),
    Index("ix_systems_name", "tenant", "name_key"),
    Index("ix_systems_fqdn", "tenant", "fqdn_key"),
    Index("ix_systems_serial", "tenant", "serial_key"),
    Index(
        "ix_systems_retired",
        "tenant",
        "idx",
        sqlite_where=text("retired_at IS NOT NULL"),
        postgresql_where=text("retired_at IS NOT NULL"),
    ),
)

system_facts = Table(
    "system_facts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("system", Integer, nullable=False),
    Column("facts", JsonDoc, nullable=False),  # what filters ask, folded; written with what it is made of
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "system"),
    ForeignKeyConstraint(["tenant", "system"], ["systems.tenant", "systems.idx"]),
    Index("ix_system_facts_changed", "tenant", "changed_at"),
)

last_reports = Table(
    "system_last_reports",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("hour", Instant, nullable=False),
    Column("systems", LargeBinary, nullable=False),  # a bitmap of those that last reported in this hour
    PrimaryKeyConstraint("tenant", "hour"),
)

system_users = Table(
    "system_users",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("system", Integer, nullable=False),
    Column("user_key", Text, nullable=False),  # user_id casefolded
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant, nullable=False),  # excluded; FOREVER while it holds
    Column("user_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("is_logged_on", Boolean, nullable=False),
    Column("last_logon", Instant, nullable=True),
    Column("department", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "system", "user_key", "valid_from"),
    ForeignKeyConstraint(["tenant", "system"], ["systems.tenant", "systems.idx"]),
    Index("ix_system_users_user", "tenant", "user_key"),
)

people = Table(
    "system_people",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("user_key", Text, nullable=False),  # casefolded
    Column("account", Text, nullable=False),
    Column("account_key", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "user_key"),
    Index("ix_system_people_account", "tenant", "account_key"),
)

imports = Table(
    "system_imports",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # ImportKind
    Column("format", Text, nullable=False),  # FileFormat
    Column("fields", JsonDoc, nullable=False),  # the mapping: target → source
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),  # SystemImportState
    Column("heading", Text, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("steps_done", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_system_imports_created", "tenant", "created_at"),
)

import_steps = Table(
    "system_import_steps",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("import_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_line", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # whole records; gone when they are taken
    PrimaryKeyConstraint("tenant", "import_id", "number"),
    ForeignKeyConstraint(["tenant", "import_id"], ["system_imports.tenant", "system_imports.id"]),
)

import_refused = Table(
    "system_import_refused",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("import_id", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "import_id", "line"),
    ForeignKeyConstraint(["tenant", "import_id"], ["system_imports.tenant", "system_imports.id"]),
)

groups = Table(
    "system_groups",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("guid", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("kind", Text, nullable=False),  # GroupKind
    Column("members", LargeBinary, nullable=False),  # a serialized roaring bitmap of systems.idx
    Column("size", Integer, nullable=False),  # of the members that are not retired
    Column("rule", Text, nullable=False, server_default=""),  # the filter of a dynamic group, as it was typed
    Column("deleted", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "idx"),
    UniqueConstraint("tenant", "guid"),
    Index(
        "uq_system_groups_name",
        "tenant",
        "name_key",
        unique=True,
        sqlite_where=text("NOT deleted"),
        postgresql_where=text("NOT deleted"),
    ),
)

journal = Table(
    "sensor_journal",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # RecordKind
    Column("source", Text, nullable=False),  # who sent the batch; "" for records of our own
    Column("batch", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),  # what the sender was told, for when it asks again
    PrimaryKeyConstraint("tenant", "position"),
    UniqueConstraint("tenant", "source", "batch"),
)
