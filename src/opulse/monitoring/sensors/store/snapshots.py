"""What the evaluator held at a journal position, so that a start replays minutes instead of days."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Table, select

from opulse.db import Instant, metadata, upsert

snapshots = Table(
    "evaluator_snapshots",
    metadata,
    Column("tenant", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)


def write_snapshot(conn: Connection, tenant: int, position: int, payload: bytes, now: datetime) -> None:
    """Replace the tenant's snapshot."""
    row = {"tenant": tenant, "position": position, "at": now, "payload": payload}
    upsert(conn, snapshots, [row], key=("tenant",), change=("position", "at", "payload"))


def find_snapshot(conn: Connection, tenant: int) -> bytes | None:
    """The tenant's last snapshot."""
    found: bytes | None = conn.execute(
        select(snapshots.c.payload).where(snapshots.c.tenant == tenant)
    ).scalar_one_or_none()
    return found
