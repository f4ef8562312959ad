"""What was muted, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from opulse.db import insert_ignoring_known
from opulse.monitoring.silences.models import Mute, MuteOutcome, MuteReason
from opulse.monitoring.silences.store.tables import mutes


def insert_mute(conn: Connection, tenant: int, mute: Mute) -> None:
    """An activation is muted once; what is there stays."""
    row = {
        "tenant": tenant,
        "activation": mute.activation,
        "reason": mute.reason.value,
        "rule": mute.rule,
        "words": mute.words,
        "since": mute.since,
        "outcome": mute.outcome.value,
        "ended_at": mute.ended_at,
    }
    insert_ignoring_known(conn, mutes, [row])


def end_mute(conn: Connection, tenant: int, activation: str, outcome: MuteOutcome, now: datetime) -> bool:
    """False: it is not muted (any more)."""
    done = conn.execute(
        update(mutes)
        .where(mutes.c.tenant == tenant, mutes.c.activation == activation, mutes.c.ended_at.is_(None))
        .values(outcome=outcome.value, ended_at=now)
    )
    return done.rowcount > 0


def find_mute(conn: Connection, tenant: int, activation: str) -> Mute | None:
    row = conn.execute(
        select(mutes).where(mutes.c.tenant == tenant, mutes.c.activation == activation)
    ).first()
    return None if row is None else _mute(row)


def list_waiting(conn: Connection) -> list[tuple[int, Mute]]:
    """(tenant, mute) of everything that is muted still: across tenants, for the look of the schedule."""
    rows = conn.execute(select(mutes).where(mutes.c.ended_at.is_(None)).order_by(mutes.c.since))
    return [(row.tenant, _mute(row)) for row in rows]


def _mute(row: Row[Any]) -> Mute:
    return Mute(
        row.activation,
        MuteReason(row.reason),
        row.rule,
        row.words,
        row.since,
        MuteOutcome(row.outcome),
        row.ended_at,
    )
