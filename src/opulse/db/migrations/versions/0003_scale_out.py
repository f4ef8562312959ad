"""Scale-out: leases, shared mail rates, reports told between processes, announcements of jobs"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "relay_slices",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("back_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relay_slices")),
    )
    op.create_index("ix_relay_slices_back_at", "relay_slices", ["relay", "back_at"], unique=False)
    op.create_table(
        "sensor_reports",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("heard_at", INSTANT, nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("systems", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "process", "heard_at", name=op.f("pk_sensor_reports")),
    )
    op.create_index("ix_sensor_reports_written_at", "sensor_reports", ["written_at"], unique=False)
    # jobs that wait while the schema changes have not been announced
    op.add_column("jobs", sa.Column("announced_at", INSTANT, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("announcement", sa.Integer(), nullable=False, server_default="0"))
