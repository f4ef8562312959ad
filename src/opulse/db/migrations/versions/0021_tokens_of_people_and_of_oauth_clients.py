"""API tokens of people, OAuth clients and their access tokens"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import Instant, JsonDoc

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_tokens",
        sa.Column("tenant", sa.Integer, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person"),
        sa.ForeignKeyConstraint(["tenant", "person"], ["people.tenant", "people.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "oauth_clients",
        sa.Column("tenant", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("scopes", JsonDoc, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
        sa.ForeignKeyConstraint(["tenant", "person"], ["people.tenant", "people.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "oauth_tokens",
        sa.Column("tenant", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("scopes", JsonDoc, nullable=False),
        sa.Column("expires_at", Instant, nullable=False, index=True),
        sa.PrimaryKeyConstraint("tenant", "digest"),
        sa.ForeignKeyConstraint(
            ["tenant", "client"], ["oauth_clients.tenant", "oauth_clients.id"], ondelete="CASCADE"
        ),
    )
