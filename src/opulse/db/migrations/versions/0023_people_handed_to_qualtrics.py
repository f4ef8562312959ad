"""People on their way into a directory at Qualtrics"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handed_batches",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("task_run", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("begun_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "task_run"],
            ["task_runs.tenant", "task_runs.id"],
            name=op.f("fk_handed_batches_tenant_task_run"),
        ),
        sa.PrimaryKeyConstraint("tenant", "task_run", "batch", name=op.f("pk_handed_batches")),
    )
    op.create_table(
        "handed_people",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("task_run", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("ext_ref", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "task_run"],
            ["task_runs.tenant", "task_runs.id"],
            name=op.f("fk_handed_people_tenant_task_run"),
        ),
        sa.PrimaryKeyConstraint("tenant", "task_run", "person", name=op.f("pk_handed_people")),
    )
    op.create_index("ix_handed_people_batch", "handed_people", ["tenant", "task_run", "batch"], unique=False)
    is_to_qualtrics = sa.text("reason = 'to_qualtrics'")
    op.create_index(
        "ix_reach_to_qualtrics",
        "reach",
        ["tenant", "task_run", "person"],
        unique=False,
        sqlite_where=is_to_qualtrics,
        postgresql_where=is_to_qualtrics,
    )
