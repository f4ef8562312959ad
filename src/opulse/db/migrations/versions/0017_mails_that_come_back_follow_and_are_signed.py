"""Reminders and thank-yous, mails that came back, addresses that get none, keys that sign, messages and templates to choose from"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import JsonDoc

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.add_column("distributions", sa.Column("kind", sa.Text(), nullable=False, server_default="invite"))
    op.add_column("distributions", sa.Column("parent", sa.Text(), nullable=False, server_default=""))
    op.add_column("distributions", sa.Column("digest", sa.Text(), nullable=False, server_default=""))
    op.add_column("distributions", sa.Column("embedded", JsonDoc, nullable=False, server_default="{}"))
    op.create_index("ix_distributions_digest", "distributions", ["tenant", "digest"])
    op.create_index("ix_distributions_parent", "distributions", ["tenant", "parent"])
    op.add_column("invitations", sa.Column("of_invitation", sa.Text(), nullable=False, server_default=""))
    op.add_column("invitations", sa.Column("progress", sa.Text(), nullable=False, server_default=""))
    op.add_column("invitations", sa.Column("progress_at", INSTANT, nullable=True))
    _returning()
    _following()
    _library()


def _returning() -> None:
    op.create_table(
        "returned_mails",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("invitation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reporter", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "invitation", "kind", name=op.f("pk_returned_mails")),
    )
    op.create_table(
        "suppressions",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("invitation", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "email_key", name=op.f("pk_suppressions")),
    )
    op.create_index("ix_suppressions_at", "suppressions", ["tenant", "at"])
    op.create_index("ix_suppressions_contact", "suppressions", ["tenant", "contact"])


def _following() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("distribution", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("after_seconds", sa.Integer(), nullable=False),
        sa.Column("message", JsonDoc, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("child", sa.Text(), nullable=False),
        sa.Column("look_at", INSTANT, nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint(
            "tenant",
            "distribution",
            "kind",
            "number",
            name=op.f("uq_follow_ups_tenant_distribution_kind_number"),
        ),
    )
    op.create_index("ix_follow_ups_look_at", "follow_ups", ["look_at"])


def _library() -> None:
    op.create_table(
        "domain_keys",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("private", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_domain_keys")),
        sa.UniqueConstraint(
            "tenant", "domain", "selector", name=op.f("uq_domain_keys_tenant_domain_selector")
        ),
    )
    op.create_table(
        "library_messages",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("texts", JsonDoc, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_library_messages")),
    )
    op.create_table(
        "mail_templates",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_mail_templates")),
    )
