"""Systems: facts that filters ask, hours of reports, rules of groups, retirement, imports, people"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "system_imports",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_system_imports")),
    )
    op.create_index("ix_system_imports_created", "system_imports", ["tenant", "created_at"], unique=False)
    op.create_table(
        "system_last_reports",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("hour", INSTANT, nullable=False),
        sa.Column("systems", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hour", name=op.f("pk_system_last_reports")),
    )
    op.create_table(
        "system_people",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("user_key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("account_key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_system_people")),
        sa.UniqueConstraint("tenant", "user_key", name=op.f("uq_system_people_tenant_user_key")),
    )
    op.create_index("ix_system_people_account", "system_people", ["tenant", "account_key"], unique=False)
    op.create_table(
        "system_facts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("system", sa.Integer(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "system"],
            ["systems.tenant", "systems.idx"],
            name=op.f("fk_system_facts_tenant_system"),
        ),
        sa.PrimaryKeyConstraint("tenant", "system", name=op.f("pk_system_facts")),
    )
    op.create_index("ix_system_facts_changed", "system_facts", ["tenant", "changed_at"], unique=False)
    op.create_table(
        "system_import_refused",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "import_id"],
            ["system_imports.tenant", "system_imports.id"],
            name=op.f("fk_system_import_refused_tenant_import_id"),
        ),
        sa.PrimaryKeyConstraint("tenant", "import_id", "line", name=op.f("pk_system_import_refused")),
    )
    op.create_table(
        "system_import_steps",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "import_id"],
            ["system_imports.tenant", "system_imports.id"],
            name=op.f("fk_system_import_steps_tenant_import_id"),
        ),
        sa.PrimaryKeyConstraint("tenant", "import_id", "number", name=op.f("pk_system_import_steps")),
    )
    op.add_column("system_groups", sa.Column("rule", sa.Text(), server_default="", nullable=False))
    op.add_column("system_users", sa.Column("department", sa.Text(), server_default="", nullable=False))
    op.add_column("systems", sa.Column("serial", sa.Text(), server_default="", nullable=False))
    op.add_column("systems", sa.Column("serial_key", sa.Text(), server_default="", nullable=False))
    op.add_column("systems", sa.Column("ip_address", sa.Text(), server_default="", nullable=False))
    op.add_column("systems", sa.Column("platform", sa.Text(), server_default="", nullable=False))
    op.add_column("systems", sa.Column("retired_at", INSTANT, nullable=True))
    op.add_column("systems", sa.Column("restored_at", INSTANT, nullable=True))
    op.create_index(
        "ix_systems_retired",
        "systems",
        ["tenant", "idx"],
        unique=False,
        sqlite_where=sa.text("retired_at IS NOT NULL"),
        postgresql_where=sa.text("retired_at IS NOT NULL"),
    )
    op.create_index("ix_systems_serial", "systems", ["tenant", "serial_key"], unique=False)
