"""Samples of how sensors went: five-minute looks with their changes, hours, and what the next look is compared with"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "sensor_samples",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("sensor", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("systems", sa.Integer(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sensor", "at", name=op.f("pk_sensor_samples")),
    )
    op.create_index("ix_sensor_samples_at", "sensor_samples", ["tenant", "at"])
    op.create_table(
        "sensor_hours",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("sensor", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("systems", sa.Integer(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sensor", "at", name=op.f("pk_sensor_hours")),
    )
    op.create_index("ix_sensor_hours_at", "sensor_hours", ["tenant", "at"])
    op.create_table(
        "sensor_held",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("sensor", sa.Integer(), nullable=False),
        sa.Column("instances", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sensor", name=op.f("pk_sensor_held")),
    )
