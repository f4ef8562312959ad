"""Pulses, and the parts on both sides that belong to each"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import JsonDoc

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "pulses",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("draft", JsonDoc, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_pulses")),
        sa.UniqueConstraint("tenant", "name_key", name=op.f("uq_pulses_tenant_name_key")),
    )
    op.create_table(
        "pulse_parts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("pulse", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "pulse", "kind", name=op.f("pk_pulse_parts")),
        sa.ForeignKeyConstraint(
            ["tenant", "pulse"],
            ["pulses.tenant", "pulses.id"],
            name=op.f("fk_pulse_parts_tenant_pulse_pulses"),
            ondelete="CASCADE",
        ),
    )
