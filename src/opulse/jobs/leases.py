"""Who may do what only one process at a time may do: a name, its holder, and an epoch that grows with every new holder.

A lease that ends by the clock is not enough: its holder may have been stopped while it held it, and go on later as if nothing had
happened. So whoever writes something on the strength of a lease calls :func:`confirm` in the same transaction; it locks the row
against a successor and says whether there was one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Connection, Table, Text, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from opulse.db.types import Instant, metadata

OVER = datetime(1970, 1, 1, tzinfo=UTC)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", Instant, nullable=False),
)


@dataclass(frozen=True)
class Lease:
    """What a process holds. ``epoch`` is of this holding: nobody else has had it, nor will."""

    name: str
    owner: str
    epoch: int
    until: datetime


def take_lease(conn: Connection, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
    """Hold ``name``, anew or again; None while somebody else does. A lease that had ended starts a new epoch."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    conn.execute(
        dialect.insert(leases).values(name=name, owner="", epoch=0, until=OVER).on_conflict_do_nothing()
    )
    held = conn.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
    if held.until > now and held.owner != owner:
        return None
    goes_on = held.until > now and held.owner == owner
    epoch = held.epoch if goes_on else held.epoch + 1
    conn.execute(update(leases).where(leases.c.name == name).values(owner=owner, epoch=epoch, until=until))
    return Lease(name, owner, epoch, until)


def renew_leases(conn: Connection, prefix: str, owner: str, now: datetime, until: datetime) -> list[Lease]:
    """Hold on to every lease of ``owner`` whose name begins so and that has not ended. Those, in one statement."""
    rows = conn.execute(
        update(leases)
        .where(
            leases.c.name.startswith(prefix, autoescape=True), leases.c.owner == owner, leases.c.until > now
        )
        .values(until=until)
        .returning(leases.c.name, leases.c.epoch)
    )
    return [Lease(row.name, owner, row.epoch, until) for row in rows]


def confirm(conn: Connection, lease: Lease) -> bool:
    """Whether nobody has held it since; until this transaction ends, nobody can. Call it before what depends on it."""
    found = conn.execute(
        select(leases.c.epoch)
        .where(leases.c.name == lease.name, leases.c.epoch == lease.epoch, leases.c.owner == lease.owner)
        .with_for_update(read=True)
    ).first()
    return found is not None


def release(conn: Connection, lease: Lease) -> None:
    """Give it back, so that the next one need not wait. The epoch is remembered."""
    conn.execute(
        update(leases)
        .where(leases.c.name == lease.name, leases.c.epoch == lease.epoch)
        .values(until=OVER, owner="")
    )


def list_leases(conn: Connection, prefix: str) -> list[Lease]:
    """Those whose names begin so, ended ones included."""
    rows = conn.execute(select(leases).where(leases.c.name.startswith(prefix, autoescape=True)))
    return [Lease(row.name, row.owner, row.epoch, row.until) for row in rows]


def forget_leases(conn: Connection, prefix: str, before: datetime) -> None:
    """Drop those whose names begin so and that ended before: only names that are never held again, as those of processes."""
    conn.execute(
        delete(leases).where(leases.c.name.startswith(prefix, autoescape=True), leases.c.until < before)
    )
