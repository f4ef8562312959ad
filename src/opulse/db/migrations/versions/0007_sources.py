"""Sources: other tools whose webhooks are taken, what they hold triggered, and what of them was refused"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("life", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_sources")),
        sa.UniqueConstraint("tenant", "name_key", name=op.f("uq_sources_tenant_name_key")),
    )
    op.create_table(
        "source_faults",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "source"],
            ["sources.tenant", "sources.id"],
            name=op.f("fk_source_faults_tenant_source"),
        ),
        sa.PrimaryKeyConstraint("tenant", "source", "what", "reason", name=op.f("pk_source_faults")),
    )
    op.create_table(
        "source_holds",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("system", sa.Integer(), nullable=False),
        sa.Column("sensor", sa.Integer(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("triggered", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("named_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "source"], ["sources.tenant", "sources.id"], name=op.f("fk_source_holds_tenant_source")
        ),
        sa.PrimaryKeyConstraint("tenant", "source", "key", name=op.f("pk_source_holds")),
    )
    op.create_index("ix_source_holds_expires", "source_holds", ["tenant", "expires_at"], unique=False)
    op.create_index("ix_source_holds_target", "source_holds", ["tenant", "system", "sensor"], unique=False)
