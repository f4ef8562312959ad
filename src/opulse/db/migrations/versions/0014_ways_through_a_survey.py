"""Ways through a survey of several pages, and how a tenant's surveys look"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "response_walks",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("sent", JSON, nullable=False),
        sa.Column("embedded", JSON, nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "session", name=op.f("pk_response_walks")),
    )
    op.create_index(
        "ix_response_walks_survey", "response_walks", ["tenant", "survey", "updated_at"], unique=False
    )
    op.create_table(
        "survey_looks",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("look", JSON, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_survey_looks")),
    )
    op.create_table(
        "survey_logos",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_survey_logos")),
    )
