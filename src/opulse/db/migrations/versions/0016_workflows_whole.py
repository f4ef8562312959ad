"""Workflows: holds, schedules, captured events, owners and shares, notices; when a run went on after a hold or a wait"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import JsonDoc

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    with op.batch_alter_table("workflows") as table:
        table.add_column(sa.Column("owner", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("capture_until", INSTANT, nullable=True))
    with op.batch_alter_table("workflows") as table:  # the defaults were for the rows that there were
        for name in ("owner", "private"):
            table.alter_column(name, server_default=None)
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
    op.create_table(
        "workflow_schedules",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "workflow", name=op.f("pk_workflow_schedules")),
    )
    op.create_index("ix_workflow_schedules_next", "workflow_schedules", ["next_at"])
    op.create_table(
        "event_captures",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("until_at", INSTANT, nullable=False),
        sa.Column("body", JsonDoc, nullable=False),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "workflow", name=op.f("pk_event_captures")),
    )
    _sharing()


def _sharing() -> None:
    op.create_table(
        "workflow_shares",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "workflow", "person", name=op.f("pk_workflow_shares")),
    )
    op.create_table(
        "workflow_notices",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("kinds", JsonDoc, nullable=False),
        sa.Column("addresses", JsonDoc, nullable=False),
        sa.Column("told_at", JsonDoc, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "workflow", name=op.f("pk_workflow_notices")),
    )
