"""The directory at a million contacts: files on their way in, indexes of names, a count"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()
BY_LETTER = "text_pattern_ops"


def upgrade() -> None:
    op.create_table(
        "contact_imports",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("list_id", sa.Text(), nullable=False),
        sa.Column("raise_events", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "directory"],
            ["directories.tenant", "directories.id"],
            name=op.f("fk_contact_imports_tenant_directory"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_contact_imports")),
    )
    op.create_index(
        "ix_contact_imports_directory", "contact_imports", ["tenant", "directory", "created_at"], unique=False
    )
    op.create_table(
        "contact_import_refused",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "import_id"],
            ["contact_imports.tenant", "contact_imports.id"],
            name=op.f("fk_contact_import_refused_tenant_import_id"),
        ),
        sa.PrimaryKeyConstraint("tenant", "import_id", "line", name=op.f("pk_contact_import_refused")),
    )
    op.create_table(
        "contact_import_steps",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "import_id"],
            ["contact_imports.tenant", "contact_imports.id"],
            name=op.f("fk_contact_import_steps_tenant_import_id"),
        ),
        sa.PrimaryKeyConstraint("tenant", "import_id", "number", name=op.f("pk_contact_import_steps")),
    )
    op.create_index("ix_contacts_directory", "contacts", ["tenant", "directory", "id"], unique=False)
    op.add_column("directories", sa.Column("contacts", sa.Integer(), server_default="0", nullable=False))

    op.execute(
        "UPDATE directories SET contacts = (SELECT count(*) FROM contacts WHERE contacts.tenant = directories.tenant"
        " AND contacts.directory = directories.id AND NOT contacts.deleted)"
    )
    for name, key in (("ix_contacts_email", "email_key"), ("ix_contacts_ext_ref", "ext_ref_key")):
        op.drop_index(name, table_name="contacts")
        op.create_index(name, "contacts", ["tenant", "directory", key], postgresql_ops={key: BY_LETTER})
    stored = True if op.get_bind().dialect.name == "postgresql" else None  # SQLite adds only virtual ones
    for name in ("last_name", "first_name"):
        key = f"{name}_key"
        lower = sa.Computed(f"lower({name})", persisted=stored)
        op.add_column("contacts", sa.Column(key, sa.Text(), lower))
        op.create_index(
            f"ix_contacts_{name}", "contacts", ["tenant", "directory", key], postgresql_ops={key: BY_LETTER}
        )
