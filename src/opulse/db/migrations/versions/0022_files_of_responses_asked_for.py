"""Files of responses that programs asked for"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import Instant, JsonDoc

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "v3_exports",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("wanted", JsonDoc, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_v3_exports_created_at", "v3_exports", ["tenant", "created_at"])
    op.create_index("ix_distributions_survey", "distributions", ["tenant", "survey"])
