"""Rows of sources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from opulse.monitoring.sources.models import Source
from opulse.monitoring.sources.store.tables import faults, holds, sources


def insert_source(conn: Connection, tenant: int, source: Source) -> None:
    """Add a source that has received nothing."""
    conn.execute(
        insert(sources).values(
            tenant=tenant,
            id=source.id,
            kind=source.kind,
            sequence=0,
            made=0,
            received=0,
            created_at=source.created_at,
            **_settable(source, source.created_at),
        )
    )


def update_source(conn: Connection, tenant: int, source: Source, now: datetime) -> None:
    """Set what people set."""
    conn.execute(_own(update(sources), tenant, source.id).values(_settable(source, now)))


def note_request(conn: Connection, tenant: int, source: str, now: datetime) -> None:
    """One more request was received."""
    conn.execute(
        _own(update(sources), tenant, source).values(received=sources.c.received + 1, received_at=now)
    )


def note_written(conn: Connection, tenant: int, source: str, sequence: int, made: int) -> None:
    """Keep the number of the last journal record, and how many sensors were added so far."""
    conn.execute(_own(update(sources), tenant, source).values(sequence=sequence, made=made))


def delete_source(conn: Connection, tenant: int, source: str) -> None:
    """With everything that it remembers."""
    for table in (faults, holds):
        conn.execute(delete(table).where(table.c.tenant == tenant, table.c.source == source))
    conn.execute(_own(delete(sources), tenant, source))


def lock_sources(conn: Connection, tenant: int) -> dict[str, Source]:
    """All sources of the tenant by id, locked until the unit commits: one at a time decides what is held."""
    rows = conn.execute(
        select(sources).where(sources.c.tenant == tenant).order_by(sources.c.id).with_for_update()
    )
    return {row.id: _source(row) for row in rows}


def find_source(conn: Connection, tenant: int, source: str) -> Source | None:
    """One source with its counts."""
    row = conn.execute(_counted(tenant).where(sources.c.id == source)).one_or_none()
    return None if row is None else _source(row, row.held, row.faults)


def find_for_receiving(conn: Connection, tenant: int, source: str) -> Source | None:
    """One source without its counts, which take long where much is held."""
    row = conn.execute(_own(select(sources), tenant, source)).one_or_none()
    return None if row is None else _source(row)


def list_sources(conn: Connection, tenant: int) -> list[Source]:
    """All sources with their counts, by name."""
    rows = conn.execute(_counted(tenant).order_by(sources.c.name_key))
    return [_source(row, row.held, row.faults) for row in rows]


def is_name_taken(conn: Connection, tenant: int, name: str, besides: str) -> bool:
    """Whether another source than ``besides`` has the name, compared without case."""
    query = select(sources.c.id).where(
        sources.c.tenant == tenant, sources.c.name_key == name.casefold(), sources.c.id != besides
    )
    return conn.execute(query).first() is not None


def _own(statement: Any, tenant: int, source: str) -> Any:
    return statement.where(sources.c.tenant == tenant, sources.c.id == source)


def _counted(tenant: int) -> Select[Any]:
    held = (
        select(func.count())
        .where(holds.c.tenant == sources.c.tenant, holds.c.source == sources.c.id, holds.c.triggered)
        .correlate(sources)
        .scalar_subquery()
    )
    kept = (
        select(func.count())
        .where(faults.c.tenant == sources.c.tenant, faults.c.source == sources.c.id)
        .correlate(sources)
        .scalar_subquery()
    )
    return select(sources, held.label("held"), kept.label("faults")).where(sources.c.tenant == tenant)


def _settable(source: Source, now: datetime) -> Mapping[str, Any]:
    return {
        "name": source.name,
        "name_key": source.name.casefold(),
        "settings": dict(source.settings),
        "life": 0 if source.life is None else int(source.life.total_seconds()),
        "enabled": source.enabled,
        "updated_at": now,
    }


def _source(row: Any, held: int = 0, kept: int = 0) -> Source:
    return Source(
        id=row.id,
        kind=row.kind,
        name=row.name,
        settings=row.settings,
        life=timedelta(seconds=row.life) if row.life else None,
        enabled=row.enabled,
        created_at=row.created_at,
        received_at=row.received_at,
        received=row.received,
        sequence=row.sequence,
        made=row.made,
        held=held,
        faults=kept,
    )
