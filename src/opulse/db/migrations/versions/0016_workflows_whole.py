"""Holds of workflows; when a run went on after a hold or a wait"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.add_column("runs", sa.Column("resumed_at", INSTANT, nullable=True))
    op.create_table(
        "workflow_holds",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_workflow_holds")),
    )
    op.create_index("ix_workflow_holds_workflow", "workflow_holds", ["tenant", "workflow"])
