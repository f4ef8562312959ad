"""People asked by a survey at Qualtrics"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import Instant

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handed_asks",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("task_run", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("distribution", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "task_run", "batch"],
            ["handed_batches.tenant", "handed_batches.task_run", "handed_batches.batch"],
            name=op.f("fk_handed_asks_tenant_handed_batches"),
        ),
        sa.PrimaryKeyConstraint("tenant", "task_run", "batch", name=op.f("pk_handed_asks")),
    )
