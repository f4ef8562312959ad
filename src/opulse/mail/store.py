"""What was taken of each relay's rate, by all processes that send to it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from opulse.db import Instant, metadata
from opulse.mail.rate import Bucket

slices = Table(
    "relay_slices",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("relay", Text, nullable=False),
    Column("mails", Integer, nullable=False),
    Column("back_at", Instant, nullable=False),
    Index("ix_relay_slices_back_at", "relay", "back_at"),
)


def take_slice(
    conn: Connection, relay: str, bucket: Bucket, wanted: int, now: datetime
) -> tuple[int, timedelta]:
    """Up to ``wanted`` mails, and for how long to wait where it is none. One process at a time looks at a relay."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"opulse relay {relay}", 0))))
    # one host's clock may be ahead of another's: what would stay away for longer than a token does is back by then
    latest = now + bucket.away
    conn.execute(delete(slices).where(slices.c.relay == relay, slices.c.back_at <= now))
    away, back_at = conn.execute(
        select(func.coalesce(func.sum(slices.c.mails), 0), func.min(slices.c.back_at)).where(
            slices.c.relay == relay
        )
    ).one()
    granted = min(wanted, bucket.size - int(away))
    if granted < 1:
        return 0, min(back_at, latest) - now
    conn.execute(insert(slices).values(relay=relay, mails=granted, back_at=latest))
    return granted, timedelta()
