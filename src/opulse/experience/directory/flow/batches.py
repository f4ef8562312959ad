"""Batches of transactions: made empty or of transactions that are there, filled and emptied. A transaction is of one at most."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.directory.models import BatchMade, BatchUnknown
from opulse.experience.directory.store import bulk as store
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import Prefix, new_id


async def make_batch(
    ports: Ports, tenant: int, directory: str, transactions: Sequence[str], actor: str
) -> BatchMade:
    """A new batch of these transactions, which leave the batch that they are of."""
    now = ports.clock.now()
    made = BatchMade(new_id(Prefix.TRANSACTION_BATCH), now)

    def unit(conn: Connection) -> None:
        store.insert_batch(conn, tenant, directory, made)
        count = store.set_batch(conn, tenant, directory, transactions, made.id)
        after = {"directory": directory, "transactions": count}
        audit_in(conn, tenant, actor, "transaction_batch.created", made.id, None, after, now)

    await ports.db.write(unit)
    return made


async def add_to_batch(
    ports: Ports, tenant: int, directory: str, batch: str, transactions: Sequence[str], actor: str
) -> int:
    """How many there are in this directory and were put into it. Raises: BatchUnknown."""
    now = ports.clock.now()

    def unit(conn: Connection) -> int:
        _check(conn, tenant, directory, batch)
        count = store.set_batch(conn, tenant, directory, transactions, batch)
        audit_in(conn, tenant, actor, "transaction_batch.members_added", batch, None, {"added": count}, now)
        return count

    return await ports.db.write(unit)


async def take_out_of_batch(
    ports: Ports, tenant: int, directory: str, batch: str, transaction: str, actor: str
) -> None:
    """The transaction stays, and is of no batch. Raises: BatchUnknown, also where it is not of this batch."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        if not store.set_batch(conn, tenant, directory, [transaction], "", of=batch):
            raise BatchUnknown(transaction)
        before = {"transaction": transaction}
        audit_in(conn, tenant, actor, "transaction_batch.member_removed", batch, before, None, now)

    await ports.db.write(unit)


async def delete_batch(ports: Ports, tenant: int, directory: str, batch: str, actor: str) -> None:
    """Its transactions stay. Raises: BatchUnknown."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        _check(conn, tenant, directory, batch)
        store.delete_batch(conn, tenant, directory, batch)
        before = {"directory": directory}
        audit_in(conn, tenant, actor, "transaction_batch.deleted", batch, before, None, now)

    await ports.db.write(unit)


def _check(conn: Connection, tenant: int, directory: str, batch: str) -> None:
    if store.find_batch(conn, tenant, directory, batch) is None:
        raise BatchUnknown(batch)
