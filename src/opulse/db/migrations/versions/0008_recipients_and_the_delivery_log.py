"""Recipients that are switched off, sealed bodies, hosts that asked for a pause, and the log's order"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.add_column("recipients", sa.Column("disabled_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("recipients", sa.Column("disabled_at", INSTANT, nullable=True))
    op.add_column("deliveries", sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_deliveries_log", "deliveries", ["tenant", "created_at", "id"])
    op.create_index("ix_deliveries_recipient", "deliveries", ["tenant", "recipient", "created_at"])
    op.create_table(
        "delivery_holds",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "host", name=op.f("pk_delivery_holds")),
    )
