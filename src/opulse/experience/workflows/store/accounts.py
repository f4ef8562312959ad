"""Installed extensions and the accounts by which their tasks sign in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, insert_ignoring_known, metadata

installs = Table(
    "extension_installs",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("extension", Text, nullable=False),
    Column("domains", JsonDoc, nullable=False),
    Column("accepted_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "extension"),
)

accounts = Table(
    "extension_accounts",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("extension", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("fields", JsonDoc, nullable=False),  # as typed
    Column("sealed", JsonDoc, nullable=False),  # secret fields, encrypted
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)


def insert_install(
    conn: Connection, tenant: int, extension: str, domains: list[str], who: str, now: datetime
) -> None:
    row = {"tenant": tenant, "extension": extension, "domains": domains, "accepted_by": who, "at": now}
    insert_ignoring_known(conn, installs, [row])
    conn.execute(
        update(installs)
        .where(installs.c.tenant == tenant, installs.c.extension == extension)
        .values(domains=domains)
    )


def list_installs(conn: Connection, tenant: int) -> dict[str, list[str]]:
    """Installed extension → the domains that it may call."""
    rows = conn.execute(select(installs.c.extension, installs.c.domains).where(installs.c.tenant == tenant))
    return {row.extension: list(row.domains) for row in rows}


def delete_install(conn: Connection, tenant: int, extension: str) -> None:
    conn.execute(delete(installs).where(installs.c.tenant == tenant, installs.c.extension == extension))


def insert_account(
    conn: Connection,
    tenant: int,
    number: str,
    extension: str,
    name: str,
    fields: Mapping[str, str],
    sealed: Mapping[str, str],
    now: datetime,
) -> None:
    conn.execute(
        insert(accounts).values(
            tenant=tenant,
            id=number,
            extension=extension,
            name=name,
            fields=dict(fields),
            sealed=dict(sealed),
            created_at=now,
        )
    )


def update_account(
    conn: Connection, tenant: int, account: str, fields: Mapping[str, str], sealed: Mapping[str, str]
) -> None:
    conn.execute(
        update(accounts)
        .where(accounts.c.tenant == tenant, accounts.c.id == account)
        .values(fields=dict(fields), sealed=dict(sealed))
    )


def find_account(conn: Connection, tenant: int, account: str) -> dict[str, Any] | None:
    """{extension, name, fields, sealed} of an account."""
    row = conn.execute(
        select(accounts).where(accounts.c.tenant == tenant, accounts.c.id == account)
    ).one_or_none()
    return None if row is None else dict(row._mapping)


def list_accounts(conn: Connection, tenant: int, extension: str = "") -> list[dict[str, Any]]:
    """{id, extension, name, fields} of each account, without secrets."""
    query = select(accounts.c.id, accounts.c.extension, accounts.c.name, accounts.c.fields).where(
        accounts.c.tenant == tenant
    )
    if extension:
        query = query.where(accounts.c.extension == extension)
    return [dict(row._mapping) for row in conn.execute(query.order_by(accounts.c.name))]
