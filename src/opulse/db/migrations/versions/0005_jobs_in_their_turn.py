"""Jobs in the order of their turn, so that a claim reads what it takes and not all that waits"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ordered = sa.text("ordering_key <> ''")
    op.drop_index("ix_jobs_due", table_name="jobs")
    op.create_index("ix_jobs_turn", "jobs", ["queue", "state", "tenant", "priority", "run_at", "id"])
    op.create_index("ix_jobs_announced", "jobs", ["queue", "state", "announced_at", "run_at"])
    op.create_index(
        "ix_jobs_ordering",
        "jobs",
        ["tenant", "ordering_key", "id"],
        sqlite_where=ordered,
        postgresql_where=ordered,
    )
