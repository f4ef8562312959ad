"""Batches of transactions are listed and looked into without a walk over all"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_transactions_batch", "transactions", ["tenant", "batch", "at"])
    op.create_index("ix_transactions_taken", "transactions", ["tenant", "directory", "created_at", "batch"])
