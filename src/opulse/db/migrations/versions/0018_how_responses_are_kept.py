"""Whether a survey's answers carry names, and when unfinished ones close; an index for tables of a survey's responses"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "response_policies",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("partial_days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "survey", name=op.f("pk_response_policies")),
    )
    op.add_column("responses", sa.Column("cut", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_responses_survey", "responses", ["tenant", "survey", "id"])
