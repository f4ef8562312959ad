"""Invitations by contact and cause: one index in place of two, by which the ledger finds each person's; change sets by activation"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OLD = "uq_invitations_tenant_workflow_cause_contact_wave"
NEW = "uq_invitations_tenant_contact_cause_workflow_wave"


def upgrade() -> None:
    op.create_index("ix_change_sets_activation", "change_sets", ["tenant", "activation"])
    op.drop_index("ix_invitations_contact", table_name="invitations")
    # SQLite copies the table: a constraint that was made with a table cannot be dropped alone
    with op.batch_alter_table("invitations") as table:
        table.drop_constraint(OLD, type_="unique")
        table.create_unique_constraint(NEW, ["tenant", "contact", "cause", "workflow", "wave"])
