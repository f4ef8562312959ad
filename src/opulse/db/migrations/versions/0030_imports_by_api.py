"""Contacts that a program brings with their transactions; batches that it makes"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_import_entries",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("transaction_refused", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "import_id"],
            ["contact_imports.tenant", "contact_imports.id"],
            name=op.f("fk_contact_import_entries_tenant_contact_imports"),
        ),
        sa.PrimaryKeyConstraint("tenant", "import_id", "row", name=op.f("pk_contact_import_entries")),
    )
    op.create_table(
        "transaction_batches",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "directory"],
            ["directories.tenant", "directories.id"],
            name=op.f("fk_transaction_batches_tenant_directories"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_transaction_batches")),
    )
