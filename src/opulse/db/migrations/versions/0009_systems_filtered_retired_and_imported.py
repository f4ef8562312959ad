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
        "system_last_reports",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("hour", INSTANT, nullable=False),
        sa.Column("systems", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hour", name=op.f("pk_system_last_reports")),
    )
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
