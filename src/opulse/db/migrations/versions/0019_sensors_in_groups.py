"""Switch and variables of a sensor in groups of systems"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import JsonDoc

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sensors", sa.Column("in_groups", JsonDoc, nullable=False, server_default="{}"))
