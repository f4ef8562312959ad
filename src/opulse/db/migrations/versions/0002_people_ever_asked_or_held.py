"""People ever asked or held, on the distribution: the cap is checked by one number instead of a count per chunk"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TAKEN = """
UPDATE distributions SET taken = (
    SELECT count(*) FROM invitations
    WHERE invitations.tenant = distributions.tenant AND invitations.distribution = distributions.id
      AND invitations.state <> 'spared'
)
"""


def upgrade() -> None:
    op.add_column("distributions", sa.Column("taken", sa.Integer(), nullable=False, server_default="0"))
    op.execute(TAKEN)
