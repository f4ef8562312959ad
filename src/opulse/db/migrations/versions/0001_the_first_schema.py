"""The first schema"""

# over 300 lines: one statement per table and index, written by tools/make_migration.py and read before it was committed

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name=op.f("pk_access_tokens")),
    )
    op.create_index(op.f("ix_access_tokens_expires_at"), "access_tokens", ["expires_at"], unique=False)
    op.create_table(
        "answer_counts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "activation", "survey", "question", "choice", name=op.f("pk_answer_counts")
        ),
    )
    op.create_table(
        "api_keys",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scope", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("last_used", INSTANT, nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_tenant_at", "audit", ["tenant", "at"], unique=False)
    op.create_table(
        "change_sets",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("chain", JSON, nullable=False),
        sa.Column("patch", JSON, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_change_sets")),
    )
    op.create_index("ix_change_sets_run", "change_sets", ["tenant", "run"], unique=False)
    op.create_table(
        "condition_traces",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("change_set", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("why_not", sa.Text(), nullable=False),
        sa.Column("trace", JSON, nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "workflow", "change_set", "number", name=op.f("pk_condition_traces")
        ),
    )
    op.create_index("ix_traces_activation", "condition_traces", ["tenant", "activation"], unique=False)
    op.create_table(
        "directories",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_directories")),
    )
    op.create_table(
        "distributions",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("link_type", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("message", JSON, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("shared_link", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_distributions")),
        sa.UniqueConstraint(
            "tenant", "workflow", "task", "cause", name=op.f("uq_distributions_tenant_workflow_task_cause")
        ),
    )
    op.create_index("ix_distributions_activation", "distributions", ["tenant", "activation"], unique=False)
    op.create_index("ix_distributions_cause", "distributions", ["tenant", "cause"], unique=False)
    op.create_index("ix_distributions_shared_link", "distributions", ["tenant", "shared_link"], unique=False)
    op.create_index("ix_distributions_state", "distributions", ["state"], unique=False)
    op.create_table(
        "evaluator_snapshots",
        sa.Column("tenant", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_evaluator_snapshots")),
    )
    op.create_table(
        "extension_accounts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("sealed", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_extension_accounts")),
    )
    op.create_table(
        "extension_installs",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("domains", JSON, nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "extension", name=op.f("pk_extension_installs")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=False),
        sa.Column("ordering_key", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("tenant", "kind", "unique_key", name=op.f("uq_jobs_tenant_kind_unique_key")),
    )
    op.create_index("ix_jobs_due", "jobs", ["state", "queue", "run_at"], unique=False)
    op.create_table(
        "monitoring_numbers",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", name=op.f("pk_monitoring_numbers")),
    )
    op.create_table(
        "notifications",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("group_idx", sa.Integer(), nullable=False),
        sa.Column("option", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("minimum_systems", sa.Integer(), nullable=False),
        sa.Column("hold_seconds", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("modified_by", sa.Text(), nullable=False),
        sa.Column("modified_at", INSTANT, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_name", "notifications", ["tenant", "deleted", "name"], unique=False)
    op.create_table(
        "owner_corrections",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("invitation", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "invitation", name=op.f("pk_owner_corrections")),
    )
    op.create_index("ix_owner_corrections_contact", "owner_corrections", ["tenant", "contact"], unique=False)
    op.create_table(
        "people",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("second_factor", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_sign_in", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_people")),
        sa.UniqueConstraint("email_key", name=op.f("uq_people_email_key")),
    )
    op.create_table(
        "recipients",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipient_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("webhook", JSON, nullable=False),
        sa.Column("tell_end", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_recipients")),
    )
    op.create_index(
        "uq_recipients_webhook_name",
        "recipients",
        ["tenant", "name_key"],
        unique=True,
        sqlite_where=sa.text("channel = 'Webhook'"),
        postgresql_where=sa.text("channel = 'Webhook'"),
    )
    op.create_table(
        "responses",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("invitation", sa.Text(), nullable=False),
        sa.Column("individual", sa.Boolean(), nullable=False),
        sa.Column("distribution", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("quarantine", sa.Text(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_responses")),
    )
    op.create_index("ix_responses_activation", "responses", ["tenant", "activation", "state"], unique=False)
    op.create_index("ix_responses_invitation", "responses", ["tenant", "invitation"], unique=False)
    op.create_index(
        "ix_responses_uncounted",
        "responses",
        ["tenant", "activation"],
        unique=False,
        sqlite_where=sa.text("revision > counted"),
        postgresql_where=sa.text("revision > counted"),
    )
    op.create_index(
        "uq_responses_recorded",
        "responses",
        ["tenant", "invitation"],
        unique=True,
        sqlite_where=sa.text("individual AND state = 'recorded'"),
        postgresql_where=sa.text("individual AND state = 'recorded'"),
    )
    op.create_table(
        "sensor_journal",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "position", name=op.f("pk_sensor_journal")),
        sa.UniqueConstraint("tenant", "source", "batch", name=op.f("uq_sensor_journal_tenant_source_batch")),
    )
    op.create_table(
        "sensors",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("instanced", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("variables", JSON, nullable=False),
        sa.Column("defaults", JSON, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "idx", name=op.f("pk_sensors")),
        sa.UniqueConstraint("tenant", "guid", name=op.f("uq_sensors_tenant_guid")),
        sa.UniqueConstraint("tenant", "name_key", name=op.f("uq_sensors_tenant_name_key")),
    )
    op.create_table(
        "service_accounts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used", INSTANT, nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_service_accounts")),
        sa.UniqueConstraint("username", name=op.f("uq_service_accounts_username")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_sign_in_failures", "sign_in_failures", ["email_key", "at"], unique=False)
    op.create_table(
        "surveys",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_surveys")),
    )
    op.create_index("ix_surveys_newest_first", "surveys", ["tenant", "created_at"], unique=False)
    op.create_table(
        "system_groups",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "idx", name=op.f("pk_system_groups")),
        sa.UniqueConstraint("tenant", "guid", name=op.f("uq_system_groups_tenant_guid")),
    )
    op.create_index(
        "uq_system_groups_name",
        "system_groups",
        ["tenant", "name_key"],
        unique=True,
        sqlite_where=sa.text("NOT deleted"),
        postgresql_where=sa.text("NOT deleted"),
    )
    op.create_table(
        "systems",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("fqdn", sa.Text(), nullable=False),
        sa.Column("fqdn_key", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("operating_system", sa.Text(), nullable=False),
        sa.Column("agent_version", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "idx", name=op.f("pk_systems")),
        sa.UniqueConstraint("tenant", "guid", name=op.f("uq_systems_tenant_guid")),
    )
    op.create_index("ix_systems_fqdn", "systems", ["tenant", "fqdn_key"], unique=False)
    op.create_index("ix_systems_name", "systems", ["tenant", "name_key"], unique=False)
    op.create_table(
        "tenants",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("mail_open", sa.Boolean(), nullable=False),
        sa.Column("mail_paused", sa.Boolean(), nullable=False),
        sa.Column("allow_list", JSON, nullable=False),
        sa.Column("cap_per_activation", sa.Integer(), nullable=False),
        sa.Column("confirm_above", sa.Integer(), nullable=False),
        sa.Column("hold_after_restore", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("client_id", name=op.f("uq_tenants_client_id")),
        sa.UniqueConstraint("guid", name=op.f("uq_tenants_guid")),
    )
    op.create_table(
        "watched_fields",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "directory", "field", "owner", name=op.f("pk_watched_fields")),
    )
    op.create_table(
        "workflows",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("trigger_type", sa.Text(), nullable=False),
        sa.Column("url_token", sa.Text(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_workflows")),
        sa.UniqueConstraint("url_token", name=op.f("uq_workflows_url_token")),
    )
    op.create_table(
        "activation_watches",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("decided_to", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("met_since", INSTANT, nullable=True),
        sa.Column("below_since", INSTANT, nullable=True),
        sa.Column("suppressed_until", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "notification"],
            ["notifications.tenant", "notifications.id"],
            name=op.f("fk_activation_watches_tenant_notification"),
        ),
        sa.PrimaryKeyConstraint("tenant", "notification", name=op.f("pk_activation_watches")),
    )
    op.create_table(
        "activations",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("snapshot", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at_activation", sa.LargeBinary(), nullable=False),
        sa.Column("at_activation_count", sa.Integer(), nullable=False),
        sa.Column("ever", sa.LargeBinary(), nullable=False),
        sa.Column("ever_count", sa.Integer(), nullable=False),
        sa.Column("current", sa.LargeBinary(), nullable=False),
        sa.Column("current_count", sa.Integer(), nullable=False),
        sa.Column("current_position", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "notification"],
            ["notifications.tenant", "notifications.id"],
            name=op.f("fk_activations_tenant_notification"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_activations")),
    )
    op.create_index("ix_activations_opened", "activations", ["tenant", "opened_at"], unique=False)
    op.create_index(
        "uq_activations_open",
        "activations",
        ["tenant", "notification"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "change_groups",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("change_set", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "change_set"],
            ["change_sets.tenant", "change_sets.id"],
            name=op.f("fk_change_groups_tenant_change_set"),
        ),
        sa.PrimaryKeyConstraint("tenant", "change_set", "number", name=op.f("pk_change_groups")),
    )
    op.create_table(
        "change_members",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("change_set", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "change_set"],
            ["change_sets.tenant", "change_sets.id"],
            name=op.f("fk_change_members_tenant_change_set"),
        ),
        sa.PrimaryKeyConstraint("tenant", "change_set", "contact", name=op.f("pk_change_members")),
    )
    op.create_index("ix_change_members_contact", "change_members", ["tenant", "contact"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("ext_ref", sa.Text(), nullable=False),
        sa.Column("ext_ref_key", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("embedded", JSON, nullable=False),
        sa.Column("unsubscribed", sa.Boolean(), nullable=False),
        sa.Column("unsubscribed_at", INSTANT, nullable=True),
        sa.Column("muted_until", INSTANT, nullable=True),
        sa.Column("alarm_until", INSTANT, nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "directory"],
            ["directories.tenant", "directories.id"],
            name=op.f("fk_contacts_tenant_directory"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_alarm", "contacts", ["alarm_until"], unique=False)
    op.create_index("ix_contacts_email", "contacts", ["tenant", "directory", "email_key"], unique=False)
    op.create_index("ix_contacts_ext_ref", "contacts", ["tenant", "directory", "ext_ref_key"], unique=False)
    op.create_table(
        "frequency_rules",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("period_seconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "directory"],
            ["directories.tenant", "directories.id"],
            name=op.f("fk_frequency_rules_tenant_directory"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_frequency_rules")),
    )
    op.create_table(
        "mailing_lists",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "directory"],
            ["directories.tenant", "directories.id"],
            name=op.f("fk_mailing_lists_tenant_directory"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_mailing_lists")),
    )
    op.create_table(
        "notification_sensors",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sensor_idx", sa.Integer(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "notification"],
            ["notifications.tenant", "notifications.id"],
            name=op.f("fk_notification_sensors_tenant_notification"),
        ),
        sa.PrimaryKeyConstraint("tenant", "notification", "place", name=op.f("pk_notification_sensors")),
    )
    op.create_index(
        "ix_notification_sensors_sensor", "notification_sensors", ["tenant", "sensor_idx"], unique=False
    )
    op.create_table(
        "recipient_assignments",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("notification", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "recipient"],
            ["recipients.tenant", "recipients.id"],
            name=op.f("fk_recipient_assignments_tenant_recipient"),
        ),
        sa.PrimaryKeyConstraint("tenant", "recipient", "notification", name=op.f("pk_recipient_assignments")),
    )
    op.create_index(
        "ix_recipient_assignments_notification",
        "recipient_assignments",
        ["tenant", "notification"],
        unique=False,
    )
    op.create_table(
        "response_history",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "response"],
            ["responses.tenant", "responses.id"],
            name=op.f("fk_response_history_tenant_response"),
        ),
        sa.PrimaryKeyConstraint("tenant", "response", "revision", name=op.f("pk_response_history")),
    )
    op.create_table(
        "runs",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("chain", JSON, nullable=False),
        sa.Column("event", JSON, nullable=False),
        sa.Column("selection", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "workflow"], ["workflows.tenant", "workflows.id"], name=op.f("fk_runs_tenant_workflow")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_runs")),
        sa.UniqueConstraint(
            "tenant", "workflow", "event_key", name=op.f("uq_runs_tenant_workflow_event_key")
        ),
    )
    op.create_index("ix_runs_activation", "runs", ["tenant", "activation"], unique=False)
    op.create_index("ix_runs_event_key", "runs", ["tenant", "event_key"], unique=False)
    op.create_index("ix_runs_started", "runs", ["tenant", "started_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen", INSTANT, nullable=False),
        sa.Column("proved_at", INSTANT, nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "person"],
            ["people.tenant", "people.id"],
            name=op.f("fk_sessions_tenant_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_table(
        "survey_versions",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "survey"],
            ["surveys.tenant", "surveys.id"],
            name=op.f("fk_survey_versions_tenant_survey"),
        ),
        sa.PrimaryKeyConstraint("tenant", "survey", "number", name=op.f("pk_survey_versions")),
    )
    op.create_table(
        "system_users",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("system", sa.Integer(), nullable=False),
        sa.Column("user_key", sa.Text(), nullable=False),
        sa.Column("valid_from", INSTANT, nullable=False),
        sa.Column("valid_to", INSTANT, nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("is_logged_on", sa.Boolean(), nullable=False),
        sa.Column("last_logon", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "system"],
            ["systems.tenant", "systems.idx"],
            name=op.f("fk_system_users_tenant_system"),
        ),
        sa.PrimaryKeyConstraint("tenant", "system", "user_key", "valid_from", name=op.f("pk_system_users")),
    )
    op.create_index("ix_system_users_user", "system_users", ["tenant", "user_key"], unique=False)
    op.create_table(
        "workflow_revisions",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "workflow"],
            ["workflows.tenant", "workflows.id"],
            name=op.f("fk_workflow_revisions_tenant_workflow"),
        ),
        sa.PrimaryKeyConstraint("tenant", "workflow", "number", name=op.f("pk_workflow_revisions")),
    )
    op.create_table(
        "deliveries",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("round_start", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "activation"],
            ["activations.tenant", "activations.id"],
            name=op.f("fk_deliveries_tenant_activation"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "tenant",
            "activation",
            "recipient",
            "event_type",
            "wave",
            name=op.f("uq_deliveries_tenant_activation_recipient_event_type_wave"),
        ),
    )
    op.create_index("ix_deliveries_state", "deliveries", ["tenant", "state", "created_at"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("distribution", sa.Text(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("hold_until", INSTANT, nullable=True),
        sa.Column("open_until", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("relay_code", sa.Integer(), nullable=False),
        sa.Column("relay_text", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("send_by", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "contact"],
            ["contacts.tenant", "contacts.id"],
            name=op.f("fk_invitations_tenant_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "distribution"],
            ["distributions.tenant", "distributions.id"],
            name=op.f("fk_invitations_tenant_distribution"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_invitations")),
        sa.UniqueConstraint(
            "tenant",
            "workflow",
            "cause",
            "contact",
            "wave",
            name=op.f("uq_invitations_tenant_workflow_cause_contact_wave"),
        ),
    )
    op.create_index(
        "ix_invitations_activation", "invitations", ["tenant", "activation", "email_key"], unique=False
    )
    op.create_index("ix_invitations_contact", "invitations", ["tenant", "contact"], unique=False)
    op.create_index(
        "ix_invitations_distribution", "invitations", ["tenant", "distribution", "state"], unique=False
    )
    op.create_index(
        "ix_invitations_due",
        "invitations",
        ["tenant", "distribution", "next_try_at"],
        unique=False,
        sqlite_where=sa.text("next_try_at IS NOT NULL"),
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
    )
    op.create_index(
        "ix_invitations_hold",
        "invitations",
        ["hold_until"],
        unique=False,
        sqlite_where=sa.text("hold_until IS NOT NULL"),
        postgresql_where=sa.text("hold_until IS NOT NULL"),
    )
    op.create_index(
        "ix_invitations_lease",
        "invitations",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "ix_invitations_send_by",
        "invitations",
        ["send_by"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'deferred', 'held', 'unknown')"),
        postgresql_where=sa.text("state IN ('queued', 'deferred', 'held', 'unknown')"),
    )
    op.create_table(
        "list_members",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("unsubscribed", sa.Boolean(), nullable=False),
        sa.Column("unsubscribed_at", INSTANT, nullable=True),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "contact"],
            ["contacts.tenant", "contacts.id"],
            name=op.f("fk_list_members_tenant_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "list"],
            ["mailing_lists.tenant", "mailing_lists.id"],
            name=op.f("fk_list_members_tenant_list"),
        ),
        sa.PrimaryKeyConstraint("tenant", "list", "contact", name=op.f("pk_list_members")),
    )
    op.create_index("ix_list_members_contact", "list_members", ["tenant", "contact"], unique=False)
    op.create_table(
        "task_runs",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("input", JSON, nullable=False),
        sa.Column("output", JSON, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "run"], ["runs.tenant", "runs.id"], name=op.f("fk_task_runs_tenant_run")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_task_runs")),
        sa.UniqueConstraint("tenant", "run", "task", name=op.f("uq_task_runs_tenant_run_task")),
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "delivery"],
            ["deliveries.tenant", "deliveries.id"],
            name=op.f("fk_delivery_attempts_tenant_delivery"),
        ),
        sa.PrimaryKeyConstraint("tenant", "delivery", "number", name=op.f("pk_delivery_attempts")),
    )
    op.create_table(
        "reach",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("task_run", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("system_name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "task_run"],
            ["task_runs.tenant", "task_runs.id"],
            name=op.f("fk_reach_tenant_task_run"),
        ),
        sa.PrimaryKeyConstraint("tenant", "task_run", "system", "person", name=op.f("pk_reach")),
    )
    op.create_index("ix_reach_activation", "reach", ["tenant", "activation", "contact"], unique=False)
