"""By which way a distribution asks, what desktops are offered until when, and what they showed"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
MAY_WAIT = sa.text("state IN ('queued', 'deferred', 'held', 'unknown', 'offered')")
ON_DESKTOPS = sa.text("desktop_until IS NOT NULL")


def upgrade() -> None:
    op.add_column("distributions", sa.Column("channel", sa.Text(), nullable=False, server_default="mail"))
    op.add_column("distributions", sa.Column("desktop_until", INSTANT, nullable=True))
    op.add_column("invitations", sa.Column("shown_at", INSTANT, nullable=True))
    op.create_index(
        "ix_distributions_desktop",
        "distributions",
        ["tenant", "desktop_until"],
        sqlite_where=ON_DESKTOPS,
        postgresql_where=ON_DESKTOPS,
    )
    op.drop_index("ix_invitations_send_by", "invitations")
    op.create_index(
        "ix_invitations_send_by", "invitations", ["send_by"], sqlite_where=MAY_WAIT, postgresql_where=MAY_WAIT
    )
    op.create_table(
        "desktop_prompts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("invitation", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "invitation", "system", name=op.f("pk_desktop_prompts")),
        sa.ForeignKeyConstraint(
            ["tenant", "invitation"],
            ["invitations.tenant", "invitations.id"],
            name=op.f("fk_desktop_prompts_tenant_invitation"),
        ),
    )
