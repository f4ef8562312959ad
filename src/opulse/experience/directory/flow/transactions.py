"""Transactions: what happened to contacts, with values of declared types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.db import chunked, why_unstorable
from opulse.experience.directory.flow.checking import ContactProblem, read_embedded
from opulse.experience.directory.models import Declared, FieldScope, RowRefused, Transaction
from opulse.experience.directory.store import contacts
from opulse.experience.directory.store import transactions as store
from opulse.experience.directory.store.fields import find_declared
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id, new_ids_in_order

AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """A transaction as somebody brings it."""

    contact: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TransactionsTaken:
    """What became of the rows; ``batch`` names those that were taken together, ``ids`` each one by its place."""

    batch: str
    taken: int
    refused: tuple[RowRefused, ...]
    ids: Mapping[int, str] = field(default_factory=dict)


async def add_transactions(
    ports: Ports, tenant: int, directory: str, rows: Sequence[TransactionRow], actor: str, batch: str = ""
) -> TransactionsTaken:
    """Keep transactions of contacts of the directory; a bad row is refused, the rest are taken.

    ``batch``: one that there is; empty: a new one.
    """
    declared = await ports.db.read(find_declared, tenant, directory, FieldScope.TRANSACTION)
    now = ports.clock.now()
    batch = batch or new_id(Prefix.TRANSACTION_BATCH)
    good: list[tuple[int, TransactionRow]] = []
    refused: list[RowRefused] = []
    for index, row in enumerate(rows):
        try:
            good.append((index, TransactionRow(row.contact, row.at, _read(declared, row.data))))
        except ContactProblem as problem:
            refused.append(RowRefused(index, str(problem)))
    ids: dict[int, str] = {}
    for some in chunked(good, AT_ONCE):
        ids |= await ports.db.write(_take_in, tenant, directory, some, batch, now)
    refused += [
        RowRefused(index, "no such contact in this directory") for index, _ in good if index not in ids
    ]
    after = {"batch": batch, "taken": len(ids), "refused": len(refused)}
    await ports.db.write(audit_in, tenant, actor, "transactions.added", directory, None, after, now)
    return TransactionsTaken(batch, len(ids), tuple(sorted(refused, key=lambda one: one.index)), ids)


async def delete_transaction(ports: Ports, tenant: int, directory: str, transaction: str, actor: str) -> None:
    """Raises: LookupError, when there is none of the id here."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        if not store.delete_transaction(conn, tenant, directory, transaction):
            raise LookupError(transaction)
        audit_in(conn, tenant, actor, "transaction.deleted", transaction, {"directory": directory}, None, now)

    await ports.db.write(unit)


def _read(declared: Declared, data: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in data.items():
        if value is None or isinstance(value, dict) or not name.strip():
            raise ContactProblem(f"{name!r} must be a plain value or a list, not nested and not null")
    if why := why_unstorable(dict(data)):
        raise ContactProblem(why)
    return read_embedded(declared, data)


def _take_in(
    conn: Connection,
    tenant: int,
    directory: str,
    rows: Sequence[tuple[int, TransactionRow]],
    batch: str,
    now: datetime,
) -> dict[int, str]:
    """Keep those whose contact is known; returns their ids by their places."""
    wanted = {row.contact for _, row in rows}
    known = {one.id for one in contacts.find_contacts(conn, tenant, directory, wanted)}
    kept = [(index, row) for index, row in rows if row.contact in known]
    numbers = new_ids_in_order(Prefix.TRANSACTION, len(kept), now) if kept else []
    made = [
        Transaction(number, row.contact, row.at, dict(row.data), batch)
        for number, (_, row) in zip(numbers, kept, strict=True)
    ]
    store.insert_transactions(conn, tenant, directory, made, now)
    return {index: number for number, (index, _) in zip(numbers, kept, strict=True)}
