"""Directories, frequency rules, watched fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, exists, insert, select

from opulse.db import insert_ignoring_known
from opulse.experience.directory.models import Directory, FrequencyRule, RuleKind, RuleScope
from opulse.experience.directory.store.tables import (
    directories,
    frequency_rules,
    watched_fields,
)


def insert_directory(conn: Connection, tenant: int, directory: Directory) -> None:
    conn.execute(
        insert(directories).values(
            tenant=tenant,
            id=directory.id,
            name=directory.name,
            is_default=directory.is_default,
            created_at=directory.created_at,
        )
    )


def list_directories(conn: Connection, tenant: int) -> list[Directory]:
    rows = conn.execute(
        select(directories).where(directories.c.tenant == tenant).order_by(directories.c.created_at)
    )
    return [Directory(row.id, row.name, row.is_default, row.created_at) for row in rows]


def find_directory(conn: Connection, tenant: int, directory: str) -> Directory | None:
    row = conn.execute(
        select(directories).where(directories.c.tenant == tenant, directories.c.id == directory)
    ).one_or_none()
    return None if row is None else Directory(row.id, row.name, row.is_default, row.created_at)


def replace_rules(conn: Connection, tenant: int, directory: str, rules: Sequence[FrequencyRule]) -> None:
    conn.execute(
        delete(frequency_rules).where(
            frequency_rules.c.tenant == tenant, frequency_rules.c.directory == directory
        )
    )
    for rule in rules:
        conn.execute(
            insert(frequency_rules).values(
                tenant=tenant,
                id=rule.id,
                directory=directory,
                kind=rule.kind.value,
                limit=rule.limit,
                period_seconds=rule.period_seconds,
                scope=rule.scope.value,
                target=rule.target,
            )
        )


def list_rules(conn: Connection, tenant: int, directory: str) -> list[FrequencyRule]:
    rows = conn.execute(
        select(frequency_rules)
        .where(frequency_rules.c.tenant == tenant, frequency_rules.c.directory == directory)
        .order_by(frequency_rules.c.period_seconds)
    )
    return [
        FrequencyRule(
            row.id, RuleKind(row.kind), row.limit, row.period_seconds, RuleScope(row.scope), row.target
        )
        for row in rows
    ]


LISTENS = ""
"""The field of a row that says: somebody listens to this directory, whatever they read."""


def lock_directory(conn: Connection, tenant: int, directory: str) -> None:
    """Let nobody else make contacts here until the transaction ends (PostgreSQL; SQLite has one writer anyway)."""
    conn.execute(
        select(directories.c.id)
        .where(directories.c.tenant == tenant, directories.c.id == directory)
        .with_for_update(key_share=True)
    )


def replace_watched(conn: Connection, tenant: int, directory: str, owner: str, fields: Iterable[str]) -> None:
    """Remember that ``owner`` listens to ``directory`` and there reads ``fields``, perhaps none."""
    delete_watched(conn, tenant, owner)
    rows = [
        {"tenant": tenant, "directory": directory, "field": name, "owner": owner}
        for name in sorted({LISTENS, *fields})
    ]
    insert_ignoring_known(conn, watched_fields, rows)


def delete_watched(conn: Connection, tenant: int, owner: str) -> None:
    conn.execute(
        delete(watched_fields).where(watched_fields.c.tenant == tenant, watched_fields.c.owner == owner)
    )


def list_watched(conn: Connection, tenant: int, directory: str) -> list[str]:
    """The fields that any trigger on this directory reads, each once, in order."""
    query = (
        select(watched_fields.c.field)
        .where(
            watched_fields.c.tenant == tenant,
            watched_fields.c.directory == directory,
            watched_fields.c.field != LISTENS,
        )
        .distinct()
        .order_by(watched_fields.c.field)
    )
    return list(conn.execute(query).scalars())


def is_watched(conn: Connection, tenant: int, directory: str) -> bool:
    """Whether any trigger listens to this directory, also one that reads no field."""
    query = select(exists().where(watched_fields.c.tenant == tenant, watched_fields.c.directory == directory))
    return bool(conn.execute(query).scalar())
