"""What the nightly looks at the set-up found"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import JsonDoc

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doctor_reports",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("report", JsonDoc, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", name=op.f("pk_doctor_reports")),
    )
