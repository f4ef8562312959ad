"""Schedules, cool-down and k of n sensors of notifications; maintenance windows; silences, inhibitions and what they muted"""

import sqlalchemy as sa
from alembic import op

from opulse.db.types import JsonDoc

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    with op.batch_alter_table("notifications") as table:
        table.add_column(sa.Column("needed_sensors", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("cool_down_seconds", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("schedule", sa.Text(), nullable=False, server_default="24x7"))
        table.add_column(sa.Column("zone", sa.Text(), nullable=False, server_default="UTC"))
    with op.batch_alter_table("notifications") as table:  # the defaults were for the rows that there were
        for name in ("needed_sensors", "cool_down_seconds", "schedule", "zone"):
            table.alter_column(name, server_default=None)
    op.add_column("activation_watches", sa.Column("ended_at", INSTANT, nullable=True))
    _maintenance()
    _silences()
    _mutes()


def _maintenance() -> None:
    op.create_table(
        "maintenance_windows",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("group_idx", sa.Integer(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("repeat", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("over_at", INSTANT, nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_maintenance_windows")),
    )
    op.create_index("ix_maintenance_windows_over", "maintenance_windows", ["tenant", "over_at"])


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("sensor", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_silences")),
    )
    op.create_index("ix_silences_end", "silences", ["tenant", "ends_at"])
    op.create_table(
        "inhibitions",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("symptoms", JsonDoc, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_inhibitions")),
    )


def _mutes() -> None:
    waiting = sa.text("ended_at IS NULL")
    op.create_table(
        "activation_mutes",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("activation", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "activation", name=op.f("pk_activation_mutes")),
        sa.ForeignKeyConstraint(
            ["tenant", "activation"],
            ["activations.tenant", "activations.id"],
            name=op.f("fk_activation_mutes_tenant_activation"),
        ),
    )
    op.create_index(
        "ix_activation_mutes_waiting",
        "activation_mutes",
        ["tenant"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
