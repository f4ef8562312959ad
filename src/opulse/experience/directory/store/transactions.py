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
    func,
    insert,
    or_,
    select,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.experience.directory.models import Transaction, TransactionBatch
from opulse.experience.directory.store.tables import list_members

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
    Index("ix_transactions_batch", "tenant", "batch", "at"),
    # in the order of the page of batches, which reads no more of it than it shows
    Index("ix_transactions_taken", "tenant", "directory", "created_at", "batch"),
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
    list_id: str = "",
    batch: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Transaction]:
    """Newest first, from those behind ``before`` (moment, id): of one contact, of who is on a list, of a batch, or all."""
    table = transactions.c
    query = select(transactions).where(table.tenant == tenant, table.directory == directory)
    if contact:
        query = query.where(table.contact == contact)
    if batch:
        query = query.where(table.batch == batch)
    if list_id:
        on_list = select(list_members.c.contact).where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            list_members.c.contact == table.contact,
        )
        query = query.where(on_list.exists())
    if before is not None:
        at, key = before
        query = query.where(or_(table.at < at, and_(table.at == at, table.id < key)))
    rows = conn.execute(query.order_by(table.at.desc(), table.id.desc()).limit(limit))
    return [Transaction(row.id, row.contact, row.at, row.data, row.batch) for row in rows]


def list_batches(
    conn: Connection,
    tenant: int,
    directory: str,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[TransactionBatch]:
    """Rows that were taken together, the latest first, from those behind ``before`` (moment taken, batch)."""
    table = transactions.c
    query = select(table.created_at, table.batch, func.count(), func.min(table.at), func.max(table.at)).where(
        table.tenant == tenant, table.directory == directory, table.batch != ""
    )
    if before is not None:
        at, key = before
        query = query.where(or_(table.created_at < at, and_(table.created_at == at, table.batch < key)))
    query = query.group_by(table.created_at, table.batch)
    rows = conn.execute(query.order_by(table.created_at.desc(), table.batch.desc()).limit(limit))
    return [TransactionBatch(batch, taken, count, *span) for taken, batch, count, *span in rows]


def find_transaction(conn: Connection, tenant: int, directory: str, transaction: str) -> Transaction | None:
    table = transactions.c
    mine = table.tenant == tenant, table.directory == directory, table.id == transaction
    row = conn.execute(select(transactions).where(*mine)).one_or_none()
    return None if row is None else Transaction(row.id, row.contact, row.at, row.data, row.batch)


def delete_transaction(conn: Connection, tenant: int, directory: str, transaction: str) -> bool:
    table = transactions.c
    mine = table.tenant == tenant, table.directory == directory, table.id == transaction
    return conn.execute(delete(transactions).where(*mine)).rowcount == 1
