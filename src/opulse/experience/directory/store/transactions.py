"""What happened to contacts, at times of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    delete,
    insert,
    or_,
    select,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.experience.directory.models import Transaction

transactions = Table(
    "transactions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("data", JsonDoc, nullable=False),
    Column("batch", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "contact"], ["contacts.tenant", "contacts.id"]),
    Index("ix_transactions_contact", "tenant", "contact", "at"),
    Index("ix_transactions_directory", "tenant", "directory", "at"),
)


def insert_transactions(
    conn: Connection, tenant: int, directory: str, rows: Sequence[Transaction], now: datetime
) -> None:
    same = {"tenant": tenant, "directory": directory, "created_at": now}
    given = [
        {"id": one.id, "contact": one.contact, "at": one.at, "data": dict(one.data), "batch": one.batch}
        for one in rows
    ]
    if given:
        conn.execute(insert(transactions), [same | row for row in given])


def list_transactions(
    conn: Connection,
    tenant: int,
    directory: str,
    *,
    contact: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Transaction]:
    """Newest first, of one contact or of all, from those behind ``before`` (moment, id)."""
    table = transactions.c
    query = select(transactions).where(table.tenant == tenant, table.directory == directory)
    if contact:
        query = query.where(table.contact == contact)
    if before is not None:
        at, key = before
        query = query.where(or_(table.at < at, and_(table.at == at, table.id < key)))
    rows = conn.execute(query.order_by(table.at.desc(), table.id.desc()).limit(limit))
    return [Transaction(row.id, row.contact, row.at, row.data, row.batch) for row in rows]


def find_transaction(conn: Connection, tenant: int, directory: str, transaction: str) -> Transaction | None:
    table = transactions.c
    mine = table.tenant == tenant, table.directory == directory, table.id == transaction
    row = conn.execute(select(transactions).where(*mine)).one_or_none()
    return None if row is None else Transaction(row.id, row.contact, row.at, row.data, row.batch)


def delete_transaction(conn: Connection, tenant: int, directory: str, transaction: str) -> bool:
    table = transactions.c
    mine = table.tenant == tenant, table.directory == directory, table.id == transaction
    return conn.execute(delete(transactions).where(*mine)).rowcount == 1
