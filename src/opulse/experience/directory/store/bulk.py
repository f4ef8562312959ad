"""What a program brought at once, row by row; and the batches of transactions that it made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import merge

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from opulse.db import Instant, json_list, metadata
from opulse.experience.directory.models import BatchMade, EntryShown, ImportEntry
from opulse.experience.directory.store.imports import contact_imports
from opulse.experience.directory.store.tables import contacts
from opulse.experience.directory.store.transactions import transactions

entries = Table(
    "contact_import_entries",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("import_id", Text, nullable=False),
    Column("row", Integer, nullable=False),
    Column("contact", Text, nullable=False),  # no name, no address: those are read from the contact
    Column("is_new", Boolean, nullable=False),
    Column("transaction_id", Text, nullable=False),  # empty: none was brought, or it was refused
    Column("transaction_refused", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "import_id", "row"),
    ForeignKeyConstraint(["tenant", "import_id"], ["contact_imports.tenant", "contact_imports.id"]),
)
batches = Table(
    "transaction_batches",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("directory", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "directory"], ["directories.tenant", "directories.id"]),
)


def insert_entries(conn: Connection, tenant: int, import_id: str, rows: Sequence[ImportEntry]) -> None:
    """What became of rows that were taken."""
    same = {"tenant": tenant, "import_id": import_id}
    given = [
        {
            "row": one.row,
            "contact": one.contact,
            "is_new": one.is_new,
            "transaction_id": one.transaction,
            "transaction_refused": one.transaction_refused,
        }
        for one in rows
    ]
    if given:
        conn.execute(insert(entries), [same | row for row in given])


def list_entries(conn: Connection, tenant: int, import_id: str, after: int, limit: int) -> list[EntryShown]:
    """Rows that were taken, behind row ``after``, each with the address and phone that its contact has now."""
    same = and_(contacts.c.tenant == entries.c.tenant, contacts.c.id == entries.c.contact)
    query = (
        select(entries, contacts.c.email, contacts.c.phone)
        .join(contacts, same)
        .where(entries.c.tenant == tenant, entries.c.import_id == import_id, entries.c.row > after)
        .order_by(entries.c.row)
        .limit(limit)
    )
    return [
        EntryShown(
            ImportEntry(row.row, row.contact, row.is_new, row.transaction_id, row.transaction_refused),
            row.email,
            row.phone,
        )
        for row in conn.execute(query)
    ]


def count_transactions(conn: Connection, tenant: int, import_id: str) -> int:
    """Transactions that an import made."""
    query = select(func.count()).where(
        entries.c.tenant == tenant, entries.c.import_id == import_id, entries.c.transaction_id != ""
    )
    return int(conn.execute(query).scalar_one())


def delete_old_entries(conn: Connection, tenant: int, before: datetime) -> int:
    """Forget the rows of imports that ended before then; how many. The counts of the imports stay."""
    old = select(contact_imports.c.id).where(
        contact_imports.c.tenant == tenant, contact_imports.c.updated_at < before
    )
    gone = conn.execute(delete(entries).where(entries.c.tenant == tenant, entries.c.import_id.in_(old)))
    return gone.rowcount


def insert_batch(conn: Connection, tenant: int, directory: str, batch: BatchMade) -> None:
    row = {"tenant": tenant, "id": batch.id, "directory": directory, "created_at": batch.at}
    conn.execute(insert(batches).values(row))


def find_batch(conn: Connection, tenant: int, directory: str, batch: str) -> BatchMade | None:
    """One that was made, or one that transactions were taken in."""
    found = _made(conn, tenant, directory, batch, "", 1) or _taken(conn, tenant, directory, batch, "", 1)
    return found[0] if found else None


def list_batches_by_id(
    conn: Connection, tenant: int, directory: str, after: str, limit: int
) -> list[BatchMade]:
    """Both kinds, by id, behind the id ``after``."""
    kinds = (read(conn, tenant, directory, "", after, limit) for read in (_made, _taken))
    found = {one.id: one for one in merge(*kinds, key=lambda one: one.id)}
    return list(found.values())[:limit]


def set_batch(
    conn: Connection, tenant: int, directory: str, ids: Sequence[str], batch: str, *, of: str | None = None
) -> int:
    """Put transactions into a batch, or into none (empty). ``of``: those of this batch alone. Returns how many."""
    table, listed = transactions.c, json_list(conn, ids)
    change = update(transactions).where(
        table.tenant == tenant, table.directory == directory, table.id.in_(select(listed.c.value))
    )
    if of is not None:
        change = change.where(table.batch == of)
    return conn.execute(change.values(batch=batch)).rowcount


def delete_batch(conn: Connection, tenant: int, directory: str, batch: str) -> None:
    """Its transactions stay, and are of no batch."""
    table = transactions.c
    conn.execute(
        update(transactions)
        .where(table.tenant == tenant, table.directory == directory, table.batch == batch)
        .values(batch="")
    )
    conn.execute(delete(batches).where(batches.c.tenant == tenant, batches.c.id == batch))


def _made(
    conn: Connection, tenant: int, directory: str, batch: str, after: str, limit: int
) -> list[BatchMade]:
    table = batches.c
    query = select(table.id, table.created_at).where(
        table.tenant == tenant, table.directory == directory, table.id > after
    )
    if batch:
        query = query.where(table.id == batch)
    return [BatchMade(*row) for row in conn.execute(query.order_by(table.id).limit(limit))]


def _taken(
    conn: Connection, tenant: int, directory: str, batch: str, after: str, limit: int
) -> list[BatchMade]:
    table = transactions.c
    query = select(table.batch, func.min(table.created_at, type_=Instant())).where(
        table.tenant == tenant, table.directory == directory, table.batch > after
    )
    if batch:
        query = query.where(table.batch == batch)
    query = query.group_by(table.batch).order_by(table.batch).limit(limit)
    return [BatchMade(*row) for row in conn.execute(query)]
