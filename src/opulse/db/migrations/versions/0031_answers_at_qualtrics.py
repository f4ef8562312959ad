"""Answers at Qualtrics"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "answer_looks",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("task_run", sa.Text(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("document", JSON, nullable=True),
        sa.Column("export", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "task_run"],
            ["task_runs.tenant", "task_runs.id"],
            name=op.f("fk_answer_looks_tenant_task_run"),
        ),
        sa.PrimaryKeyConstraint("tenant", "task_run", name=op.f("pk_answer_looks")),
    )
    op.create_index("ix_answer_looks_activation", "answer_looks", ["tenant", "activation"], unique=False)
    op.create_table(
        "answers_there",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("task_run", sa.Text(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("has_words", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("completed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "task_run"],
            ["answer_looks.tenant", "answer_looks.task_run"],
            name=op.f("fk_answers_there_tenant_task_run"),
        ),
        sa.PrimaryKeyConstraint("tenant", "task_run", "response", name=op.f("pk_answers_there")),
    )
    op.create_table(
        "counts_there",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("task_run", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "task_run"],
            ["answer_looks.tenant", "answer_looks.task_run"],
            name=op.f("fk_counts_there_tenant_task_run"),
        ),
        sa.PrimaryKeyConstraint("tenant", "task_run", "question", "choice", name=op.f("pk_counts_there")),
    )
    op.add_column("handed_asks", sa.Column("people", sa.Integer(), server_default="0", nullable=False))
    op.add_column("handed_asks", sa.Column("finished", sa.Integer(), server_default="0", nullable=False))
