"""Service accounts: the password before the last rotation opens until its overlap is over"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service_accounts", sa.Column("old_digest", sa.Text(), nullable=False, server_default=""))
    op.add_column("service_accounts", sa.Column("old_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("old_until", "old_digest"):
        op.drop_column("service_accounts", name)
