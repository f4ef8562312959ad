"""What sources hold, and what they refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    delete,
    or_,
    select,
    type_coerce,
    update,
)

from opulse.db import Instant, json_list, upsert
from opulse.monitoring.sources.models import FAULTS_KEPT, Fault, Hold, Left, LeftReason, Target
from opulse.monitoring.sources.store.tables import faults, holds, sources
from opulse.monitoring.systems.models import FOREVER

_CHANGEABLE = ("system", "sensor", "instance", "triggered", "at", "named_at", "expires_at")


def find_holds(conn: Connection, tenant: int, source: str, keys: Iterable[str]) -> dict[str, Hold]:
    """What the source said last under these keys, ended ones included."""
    wanted = json_list(conn, keys)
    rows = conn.execute(
        select(holds).where(
            holds.c.tenant == tenant, holds.c.source == source, holds.c.key.in_(select(wanted.c.value))
        )
    )
    return {row.key: _hold(row) for row in rows}


def write_holds(conn: Connection, tenant: int, source: str, laid: Iterable[Hold]) -> None:
    """Set what the source says under these keys."""
    rows = [
        {
            "tenant": tenant,
            "source": source,
            "key": hold.key,
            "system": hold.system,
            "sensor": hold.sensor,
            "instance": hold.instance,
            "triggered": hold.triggered,
            "at": hold.at,
            "named_at": hold.named_at,
            "expires_at": hold.expires_at,
        }
        for hold in laid
    ]
    upsert(conn, holds, rows, key=("tenant", "source", "key"), change=_CHANGEABLE)


def find_held(conn: Connection, tenant: int, targets: Iterable[Target]) -> dict[Target, str]:
    """Which of these targets any source of the tenant holds triggered → the instance as written."""
    wanted = set(targets)
    systems = json_list(conn, {target.system for target in wanted}, numbers=True, name="systems")
    sensors = json_list(conn, {target.sensor for target in wanted}, numbers=True, name="sensors")
    rows = conn.execute(
        select(holds.c.system, holds.c.sensor, holds.c.instance)
        .where(
            holds.c.tenant == tenant,
            holds.c.triggered,
            holds.c.system.in_(select(systems.c.value)),
            holds.c.sensor.in_(select(sensors.c.value)),
        )
        .distinct()
    )
    found = {Target(row.system, row.sensor, row.instance.casefold()): row.instance for row in rows}
    return {target: name for target, name in found.items() if target in wanted}


def list_names_holding(conn: Connection, tenant: int, sensor: int) -> list[str]:
    """Names of the sources that hold this sensor triggered on some system."""
    query = (
        select(sources.c.name)
        .join(holds, (holds.c.tenant == sources.c.tenant) & (holds.c.source == sources.c.id))
        .where(holds.c.tenant == tenant, holds.c.sensor == sensor, holds.c.triggered)
        .distinct()
        .order_by(sources.c.name)
    )
    return list(conn.execute(query).scalars())


def list_held(conn: Connection, tenant: int) -> list[tuple[int, str, int]]:
    """``(sensor, instance as written, system)`` of everything that any source holds triggered, in this order."""
    query = (
        select(holds.c.sensor, holds.c.instance, holds.c.system)
        .where(holds.c.tenant == tenant, holds.c.triggered)
        .distinct()
        .order_by(holds.c.sensor, holds.c.instance, holds.c.system)
    )
    return [(row.sensor, row.instance, row.system) for row in conn.execute(query)]


def list_holds_of(conn: Connection, tenant: int, source: str, limit: int) -> list[Hold]:
    """What one source holds triggered, the latest first."""
    rows = conn.execute(
        select(holds)
        .where(holds.c.tenant == tenant, holds.c.source == source, holds.c.triggered)
        .order_by(holds.c.named_at.desc(), holds.c.key)
        .limit(limit)
    )
    return [_hold(row) for row in rows]


def take_ended(conn: Connection, tenant: int, source: str, now: datetime, limit: int) -> list[Target]:
    """Drop at most ``limit`` holds of the source that nobody has named within their time to live; their targets."""
    return _take(conn, tenant, and_(holds.c.source == source, holds.c.expires_at <= now), limit)


def take_all(conn: Connection, tenant: int, source: str, limit: int) -> list[Target]:
    """Drop at most ``limit`` holds of the source; their targets."""
    return _take(conn, tenant, holds.c.source == source, limit)


def list_sources_with_ended(conn: Connection, tenant: int, now: datetime) -> list[str]:
    """Sources of which a hold's time to live is over."""
    query = (
        select(holds.c.source)
        .where(holds.c.tenant == tenant, holds.c.triggered, holds.c.expires_at <= now)
        .distinct()
    )
    return list(conn.execute(query).scalars())


def forget_ended(conn: Connection, tenant: int, before: datetime) -> None:
    """Drop what ended before, and need not be remembered any more."""
    conn.execute(
        delete(holds).where(holds.c.tenant == tenant, holds.c.triggered.is_(False), holds.c.named_at < before)
    )


def set_life(conn: Connection, tenant: int, source: str, life: timedelta | None) -> None:
    """Everything that the source holds lives so long from when it was last named."""
    if life is None:
        expires: Any = FOREVER
    else:
        named = type_coerce(holds.c.named_at, BigInteger)
        expires = type_coerce(named + life // timedelta(microseconds=1), Instant)
    conn.execute(
        update(holds).where(holds.c.tenant == tenant, holds.c.source == source).values(expires_at=expires)
    )


def write_faults(conn: Connection, tenant: int, source: str, left: Sequence[Left], now: datetime) -> None:
    """Remember what was refused: of the same item only the last time, and no more than the newest few items."""
    newest = {(one.what, one.reason): one for one in left[-FAULTS_KEPT:]}
    if not newest:
        return
    known = {
        (row.what, row.reason): row
        for row in conn.execute(select(faults).where(faults.c.tenant == tenant, faults.c.source == source))
    }
    rows = []
    for (what, reason), one in newest.items():
        before = known.get((what, reason.value))
        rows.append(
            {
                "tenant": tenant,
                "source": source,
                "what": what,
                "reason": reason.value,
                "detail": one.detail,
                "times": 1 if before is None else before.times + 1,
                "first_at": now if before is None else before.first_at,
                "last_at": now,
            }
        )
    upsert(
        conn,
        faults,
        rows,
        key=("tenant", "source", "what", "reason"),
        change=("detail", "times", "last_at"),
    )
    _bound_faults(conn, tenant, source)


def list_faults(conn: Connection, tenant: int, source: str) -> list[Fault]:
    """What was refused lately, the last first."""
    rows = conn.execute(
        select(faults)
        .where(faults.c.tenant == tenant, faults.c.source == source)
        .order_by(faults.c.last_at.desc(), faults.c.what)
    )
    return [
        Fault(row.what, LeftReason(row.reason), row.detail, row.times, row.first_at, row.last_at)
        for row in rows
    ]


def _bound_faults(conn: Connection, tenant: int, source: str) -> None:
    own = and_(faults.c.tenant == tenant, faults.c.source == source)
    old = conn.execute(
        select(faults.c.what, faults.c.reason)
        .where(own)
        .order_by(faults.c.last_at.desc(), faults.c.what)
        .offset(FAULTS_KEPT)
    ).all()
    if old:
        which = or_(*(and_(faults.c.what == row.what, faults.c.reason == row.reason) for row in old))
        conn.execute(delete(faults).where(own, which))


def _take(conn: Connection, tenant: int, which: ColumnElement[bool], limit: int) -> list[Target]:
    rows = conn.execute(
        select(holds.c.source, holds.c.key, holds.c.system, holds.c.sensor, holds.c.instance)
        .where(holds.c.tenant == tenant, holds.c.triggered, which)
        .limit(limit)
    ).all()
    for source in {row.source for row in rows}:
        keys = json_list(conn, [row.key for row in rows if row.source == source])
        conn.execute(
            delete(holds).where(
                holds.c.tenant == tenant, holds.c.source == source, holds.c.key.in_(select(keys.c.value))
            )
        )
    return [Target(row.system, row.sensor, row.instance.casefold()) for row in rows]


def _hold(row: Any) -> Hold:
    return Hold(
        row.key,
        row.system,
        row.sensor,
        row.instance,
        row.triggered,
        row.at,
        row.named_at,
        row.expires_at,
    )
