"""Silences and inhibitions. A silence that is over stays as a row, for reading past incidents."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from opulse.monitoring.silences.models import Inhibition, Silence
from opulse.monitoring.silences.store.tables import inhibitions, silences


def insert_silence(conn: Connection, tenant: int, silence: Silence) -> None:
    conn.execute(insert(silences).values(tenant=tenant, **asdict(silence)))


def end_silence(conn: Connection, tenant: int, silence: str, now: datetime) -> bool:
    """It is over from now on; one that has not begun never will. False: none of that id that is not over."""
    done = conn.execute(
        update(silences)
        .where(silences.c.tenant == tenant, silences.c.id == silence, silences.c.ends_at > now)
        .values(ends_at=now)
    )
    return done.rowcount > 0


def find_silence(conn: Connection, tenant: int, silence: str) -> Silence | None:
    row = conn.execute(select(silences).where(silences.c.tenant == tenant, silences.c.id == silence)).first()
    return None if row is None else _silence(row._mapping)


def list_silences(conn: Connection, tenant: int, now: datetime) -> list[Silence]:
    """Those that are not over, by their end."""
    rows = conn.execute(
        select(silences)
        .where(silences.c.tenant == tenant, silences.c.ends_at > now)
        .order_by(silences.c.ends_at, silences.c.id)
    )
    return [_silence(row._mapping) for row in rows]


def insert_inhibition(conn: Connection, tenant: int, inhibition: Inhibition) -> None:
    conn.execute(
        insert(inhibitions).values(
            tenant=tenant,
            id=inhibition.id,
            cause=inhibition.cause,
            symptoms=list(inhibition.symptoms),
            created_by=inhibition.created_by,
            created_at=inhibition.created_at,
        )
    )


def delete_inhibition(conn: Connection, tenant: int, inhibition: str) -> bool:
    """False: there is none of that id."""
    chosen = inhibitions.c.tenant == tenant, inhibitions.c.id == inhibition
    return conn.execute(delete(inhibitions).where(*chosen)).rowcount > 0


def find_inhibition(conn: Connection, tenant: int, inhibition: str) -> Inhibition | None:
    found = [one for one in list_inhibitions(conn, tenant) if one.id == inhibition]
    return found[0] if found else None


def list_inhibitions(conn: Connection, tenant: int) -> list[Inhibition]:
    """All of the tenant, oldest first."""
    rows = conn.execute(
        select(inhibitions)
        .where(inhibitions.c.tenant == tenant)
        .order_by(inhibitions.c.created_at, inhibitions.c.id)
    )
    return [
        Inhibition(row.id, row.cause, tuple(row.symptoms), row.created_by, row.created_at) for row in rows
    ]


def _silence(row: object) -> Silence:
    values = dict(row)  # type: ignore[call-overload]  # a row's mapping
    del values["tenant"]
    return Silence(**values)
