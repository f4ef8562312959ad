"""Activations: written, closed, read; their affected sets stay bitmaps and are read apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Column, Connection, Row, insert, select, update

from opulse.monitoring.activations.models import (
    Activation,
    CountedIn,
    Counts,
    Resolution,
    Snapshot,
    WhichSystems,
)
from opulse.monitoring.activations.store.snapshots import read_snapshot, write_snapshot
from opulse.monitoring.activations.store.tables import activations
from opulse.wire.affected import ActivationState

_SHOWN: tuple[Column[Any], ...] = tuple(
    column for column in activations.c if column.name not in ("at_activation", "ever", "current")
)
_BITMAP = {
    WhichSystems.AT_ACTIVATION: activations.c.at_activation,
    WhichSystems.CURRENTLY_AFFECTED: activations.c.current,
}


@dataclass(frozen=True)
class Opening:
    """What is written when an activation opens."""

    id: str
    notification: str
    revision: int
    snapshot: Snapshot
    now: datetime
    position: int
    affected: BitMap


def insert_activation(conn: Connection, tenant: int, opening: Opening) -> None:
    """Raises ``IntegrityError`` when the notification has an open activation already: the key of this hand-over."""
    blob, count = opening.affected.serialize(), len(opening.affected)
    conn.execute(
        insert(activations).values(
            tenant=tenant,
            id=opening.id,
            notification=opening.notification,
            revision=opening.revision,
            snapshot=write_snapshot(opening.snapshot),
            state=ActivationState.ACTIVE.value,
            resolution=Resolution.NONE.value,
            opened_at=opening.now,
            closed_at=None,
            closed_by="",
            position=opening.position,
            at_activation=blob,
            at_activation_count=count,
            ever=blob,
            ever_count=count,
            current=blob,
            current_count=count,
            current_position=opening.position,
            changed_at=opening.now,
            version=1,
        )
    )


def update_current(
    conn: Connection, tenant: int, activation: str, current: BitMap, position: int, now: datetime
) -> None:
    """Set who is affected now, and add them to who ever was. Nothing happens once it is closed."""
    ever = find_ever(conn, tenant, activation) | current
    conn.execute(
        update(activations)
        .where(
            activations.c.tenant == tenant,
            activations.c.id == activation,
            activations.c.state == ActivationState.ACTIVE.value,
        )
        .values(
            current=current.serialize(),
            current_count=len(current),
            current_position=position,
            ever=ever.serialize(),
            ever_count=len(ever),
            changed_at=now,
            version=activations.c.version + 1,
        )
    )


def close_activation(
    conn: Connection,
    tenant: int,
    activation: str,
    state: ActivationState,
    resolution: Resolution,
    actor: str,
    now: datetime,
) -> bool:
    """False when it was closed already: it keeps its first end, and its current set is frozen as of then."""
    done = conn.execute(
        update(activations)
        .where(
            activations.c.tenant == tenant,
            activations.c.id == activation,
            activations.c.state == ActivationState.ACTIVE.value,
        )
        .values(
            state=state.value,
            resolution=resolution.value,
            closed_at=now,
            closed_by=actor,
            version=activations.c.version + 1,
        )
    )
    return done.rowcount == 1


def find_activation(conn: Connection, tenant: int, activation: str) -> Activation | None:
    row = conn.execute(
        select(*_SHOWN).where(activations.c.tenant == tenant, activations.c.id == activation)
    ).first()
    return _activation(row) if row else None


def find_open(conn: Connection, tenant: int, notification: str) -> Activation | None:
    row = conn.execute(
        select(*_SHOWN).where(
            activations.c.tenant == tenant,
            activations.c.notification == notification,
            activations.c.state == ActivationState.ACTIVE.value,
        )
    ).first()
    return _activation(row) if row else None


def list_open(conn: Connection, tenant: int) -> dict[str, tuple[Activation, BitMap]]:
    """By notification, each with who is affected now."""
    rows = conn.execute(
        select(*(*_SHOWN, activations.c.current)).where(
            activations.c.tenant == tenant, activations.c.state == ActivationState.ACTIVE.value
        )
    )
    return {row.notification: (_activation(row), BitMap.deserialize(row.current)) for row in rows}


def list_open_notifications(conn: Connection, tenant: int) -> set[str]:
    """Their ids alone: no snapshot and no bitmap is read."""
    state = activations.c.state == ActivationState.ACTIVE.value
    return set(
        conn.execute(
            select(activations.c.notification).where(activations.c.tenant == tenant, state)
        ).scalars()
    )


def list_activations(
    conn: Connection,
    tenant: int,
    *,
    state: ActivationState | None = None,
    notification: str | None = None,
    limit: int = 100,
) -> list[Activation]:
    """Newest first."""
    query = select(*_SHOWN).where(activations.c.tenant == tenant)
    if state is not None:
        query = query.where(activations.c.state == state.value)
    if notification is not None:
        query = query.where(activations.c.notification == notification)
    query = query.order_by(activations.c.opened_at.desc(), activations.c.id).limit(limit)
    return [_activation(row) for row in conn.execute(query)]


def list_counting(conn: Connection, tenant: int, system: int, look_through: int) -> list[CountedIn]:
    """Which of the newest ``look_through`` activations ever counted the system, newest first: two reads, however many."""
    newest = (
        select(activations.c.id, activations.c.ever)
        .where(activations.c.tenant == tenant)
        .order_by(activations.c.opened_at.desc(), activations.c.id)
        .limit(look_through)
    )
    ids = [row.id for row in conn.execute(newest) if system in BitMap.deserialize(row.ever)]
    rows = conn.execute(
        select(*(*_SHOWN, activations.c.at_activation, activations.c.current))
        .where(activations.c.tenant == tenant, activations.c.id.in_(ids))
        .order_by(activations.c.opened_at.desc(), activations.c.id)
    )
    return [
        CountedIn(
            _activation(row),
            system in BitMap.deserialize(row.at_activation),
            system in BitMap.deserialize(row.current),
        )
        for row in rows
    ]


def find_affected(conn: Connection, tenant: int, activation: str, which: WhichSystems) -> BitMap:
    """Empty when there is no such activation."""
    return _bitmap(conn, tenant, activation, _BITMAP[which])


def find_current(conn: Connection, tenant: int, activation: str) -> BitMap:
    """Who is affected now, or was at the end."""
    return find_affected(conn, tenant, activation, WhichSystems.CURRENTLY_AFFECTED)


def find_ever(conn: Connection, tenant: int, activation: str) -> BitMap:
    """Every system that was affected while it was open; empty when there is no such activation."""
    return _bitmap(conn, tenant, activation, activations.c.ever)


def _bitmap(conn: Connection, tenant: int, activation: str, column: Column[Any]) -> BitMap:
    blob = conn.execute(
        select(column).where(activations.c.tenant == tenant, activations.c.id == activation)
    ).scalar()
    return BitMap.deserialize(blob) if blob else BitMap()


def _activation(row: Row[Any]) -> Activation:
    return Activation(
        id=row.id,
        notification=row.notification,
        revision=row.revision,
        snapshot=read_snapshot(row.snapshot),
        state=ActivationState(row.state),
        resolution=Resolution(row.resolution),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        position=row.position,
        current_position=row.current_position,
        counts=Counts(row.at_activation_count, row.current_count, row.ever_count),
        changed_at=row.changed_at,
        version=row.version,
    )
