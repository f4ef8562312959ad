"""The directory whole: declared fields, opt-outs with their history, frequency rules by list and survey, asking hours"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import JsonDoc

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    _rules()
    _fields()
    _subscriptions()
    _settings()
    _lists()
    _merging()
    _privacy()


def _privacy() -> None:
    op.create_table(
        "erasures",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("keys", JsonDoc, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("report", JsonDoc, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_created", "erasures", ["tenant", "created_at"])
    op.create_table(
        "retention_terms",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("days", JsonDoc, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_retention_terms")),
    )


def _merging() -> None:
    op.add_column("contact_imports", sa.Column("mapping", JsonDoc, nullable=True))
    op.add_column("contact_import_refused", sa.Column("cells", JsonDoc, nullable=True))
    op.add_column("contacts", sa.Column("merged_into", sa.Text(), nullable=True))
    has_phone = sa.text("phone != ''")
    op.create_index(
        "ix_contacts_phone",
        "contacts",
        ["tenant", "directory", "phone"],
        sqlite_where=has_phone,
        postgresql_where=has_phone,
    )


def _rules() -> None:
    scope = sa.Column("scope", sa.Text(), nullable=False, server_default="directory")
    op.add_column("frequency_rules", scope)
    op.add_column("frequency_rules", sa.Column("target", sa.Text(), nullable=False, server_default=""))


def _of_directory(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant", "directory"],
        ["directories.tenant", "directories.id"],
        name=op.f(f"fk_{table}_tenant_directory"),
    )


def _fields() -> None:
    op.create_table(
        "contact_fields",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "directory", "scope", "key", name=op.f("pk_contact_fields")),
        _of_directory("contact_fields"),
    )
    op.create_table(
        "field_changes",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_field_changes")),
        _of_directory("field_changes"),
    )
    op.create_index("ix_field_changes_directory", "field_changes", ["tenant", "directory", "created_at"])


def _subscriptions() -> None:
    op.create_table(
        "subscription_changes",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("out", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_subscription_changes")),
        sa.ForeignKeyConstraint(
            ["tenant", "contact"],
            ["contacts.tenant", "contacts.id"],
            name=op.f("fk_subscription_changes_tenant_contact"),
        ),
    )
    op.create_index("ix_subscription_changes_contact", "subscription_changes", ["tenant", "contact", "at"])


def _settings() -> None:
    op.create_table(
        "directory_settings",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("quiet_days", JsonDoc, nullable=False),
        sa.Column("shift_field", sa.Text(), nullable=False),
        sa.Column("merge_rules", JsonDoc, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "directory", name=op.f("pk_directory_settings")),
        _of_directory("directory_settings"),
    )


def _lists() -> None:
    for name, default in (("kind", "list"), ("owner", ""), ("rule", ""), ("source", "")):
        op.add_column("mailing_lists", sa.Column(name, sa.Text(), nullable=False, server_default=default))
    for name in ("refreshed_at", "expires_at"):
        op.add_column("mailing_lists", sa.Column(name, INSTANT, nullable=True))
    op.add_column("list_members", sa.Column("embedded", JsonDoc, nullable=False, server_default="{}"))
    op.create_table(
        "list_shares",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("may_edit", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "list", "person", name=op.f("pk_list_shares")),
        sa.ForeignKeyConstraint(
            ["tenant", "list"],
            ["mailing_lists.tenant", "mailing_lists.id"],
            name=op.f("fk_list_shares_tenant_list"),
        ),
    )
    op.create_table(
        "transactions",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("data", JsonDoc, nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_transactions")),
        sa.ForeignKeyConstraint(
            ["tenant", "contact"],
            ["contacts.tenant", "contacts.id"],
            name=op.f("fk_transactions_tenant_contact"),
        ),
    )
    op.create_index("ix_transactions_contact", "transactions", ["tenant", "contact", "at"])
    op.create_index("ix_transactions_directory", "transactions", ["tenant", "directory", "at"])
