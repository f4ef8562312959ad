"""What is set for one directory: asking hours, and which fields make two contacts the same person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    select,
)

from opulse.db import JsonDoc, metadata, upsert
from opulse.experience.directory.models import AskingHours

directory_settings = Table(
    "directory_settings",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("directory", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("quiet_from", Integer, nullable=True),  # minutes from midnight
    Column("quiet_until", Integer, nullable=True),
    Column("quiet_days", JsonDoc, nullable=False),
    Column("shift_field", Text, nullable=False),
    Column("merge_rules", JsonDoc, nullable=False),  # [[field, …], …], the first that applies is the one
    PrimaryKeyConstraint("tenant", "directory"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
)

DEFAULT_RULES: tuple[tuple[str, ...], ...] = (("ext_ref",), ("email",))
"""By external reference, then by address: as the Operational Pulse task matches people."""


def find_hours(conn: Connection, tenant: int, directory: str) -> AskingHours:
    """The asking hours of a directory; of one that sets none: always."""
    return list_hours(conn, tenant).get(directory, AskingHours())


def list_hours(conn: Connection, tenant: int) -> dict[str, AskingHours]:
    """Asking hours of the directories that set any."""
    table = directory_settings.c
    rows = conn.execute(select(directory_settings).where(table.tenant == tenant))
    return {
        row.directory: AskingHours(
            row.zone, row.quiet_from, row.quiet_until, tuple(row.quiet_days), row.shift_field
        )
        for row in rows
    }


def put_hours(conn: Connection, tenant: int, directory: str, hours: AskingHours) -> None:
    changed: dict[str, object] = {
        "zone": hours.zone,
        "quiet_from": hours.quiet_from,
        "quiet_until": hours.quiet_until,
        "quiet_days": list(hours.quiet_days),
        "shift_field": hours.shift_field,
    }
    rules: dict[str, object] = {"merge_rules": [list(rule) for rule in DEFAULT_RULES]}
    _put(conn, tenant, directory, changed | rules, change=list(changed))


def find_merge_rules(conn: Connection, tenant: int, directory: str) -> tuple[tuple[str, ...], ...]:
    """Which fields identify a person, in the order in which the rules are tried."""
    table = directory_settings.c
    found = conn.execute(
        select(table.merge_rules).where(table.tenant == tenant, table.directory == directory)
    ).scalar()
    return DEFAULT_RULES if found is None else tuple(tuple(rule) for rule in found)


def put_merge_rules(conn: Connection, tenant: int, directory: str, rules: Sequence[Sequence[str]]) -> None:
    hours = AskingHours()
    row: dict[str, object] = {
        "zone": hours.zone,
        "quiet_from": None,
        "quiet_until": None,
        "quiet_days": [],
        "shift_field": "",
        "merge_rules": [list(rule) for rule in rules],
    }
    _put(conn, tenant, directory, row, change=["merge_rules"])


def _put(conn: Connection, tenant: int, directory: str, row: dict[str, object], *, change: list[str]) -> None:
    key = {"tenant": tenant, "directory": directory}
    upsert(conn, directory_settings, [key | row], key=list(key), change=change)
