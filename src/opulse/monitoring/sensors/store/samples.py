"""What the sampler saw: every five minutes on how many systems each sensor was triggered, and where that changed; by the hour for
longer.

The row of sensor 0 (sensors are numbered from 1) says that somebody looked: a sensor without a row was triggered nowhere then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    delete,
    func,
    select,
)

from opulse.db import Instant, chunked, metadata, upsert
from opulse.monitoring.sensors.models import InstanceChange, Sample, TrendRow
from opulse.monitoring.sensors.store.packed_samples import (
    pack_changes,
    pack_held,
    pack_parts,
    unpack_changes,
    unpack_held,
    unpack_parts,
)

LOOKED = 0
"""In place of a sensor's index: the row that says that somebody looked; its changes are the systems with any change."""
_AT_ONCE = 500

samples = Table(
    "sensor_samples",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("sensor", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("systems", Integer, nullable=False),
    Column("parts", LargeBinary, nullable=False),  # by group and by instance
    Column("changes", LargeBinary, nullable=False),  # empty: none since the sample before
    PrimaryKeyConstraint("tenant", "sensor", "at"),
    Index("ix_sensor_samples_at", "tenant", "at"),
)

hours = Table(
    "sensor_hours",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("sensor", Integer, nullable=False),
    Column("at", Instant, nullable=False),  # the beginning of the hour
    Column("systems", Integer, nullable=False),  # the most at once
    Column("parts", LargeBinary, nullable=False),  # the most of each
    PrimaryKeyConstraint("tenant", "sensor", "at"),
    Index("ix_sensor_hours_at", "tenant", "at"),
)

held = Table(
    "sensor_held",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("sensor", Integer, nullable=False),
    Column(
        "instances", LargeBinary, nullable=False
    ),  # as of the last sample, what the next one is compared with
    PrimaryKeyConstraint("tenant", "sensor"),
)


def list_held(conn: Connection, tenant: int) -> dict[int, dict[str, BitMap]]:
    """By sensor, its instances' systems as of the last sample."""
    rows = conn.execute(select(held.c.sensor, held.c.instances).where(held.c.tenant == tenant))
    return {row.sensor: unpack_held(row.instances) for row in rows}


def write_samples(
    conn: Connection, tenant: int, taken: Sequence[Sample], changed: BitMap, now: datetime
) -> None:
    """Keep one look: a row for each sensor that is triggered or changed, and one that says that somebody looked."""
    rows = [_row(tenant, one, now) for one in taken]
    looked = {"tenant": tenant, "sensor": LOOKED, "at": now, "systems": 0, "parts": b""}
    rows.append({**looked, "changes": changed.serialize() if changed else b""})
    upsert(conn, samples, rows, key=("tenant", "sensor", "at"), change=("systems", "parts", "changes"))
    kept = [
        {"tenant": tenant, "sensor": one.sensor, "instances": pack_held(one.held)}
        for one in taken
        if one.held is not None
    ]
    upsert(conn, held, kept, key=("tenant", "sensor"), change=("instances",))


def write_hours(conn: Connection, tenant: int, rows: Mapping[int, TrendRow]) -> None:
    """Keep what these sensors had at most in an hour, and that somebody looked in it."""
    written = [
        {
            "tenant": tenant,
            "sensor": sensor,
            "at": row.at,
            "systems": row.systems,
            "parts": pack_parts(row.parts),
        }
        for sensor, row in rows.items()
    ]
    upsert(conn, hours, written, key=("tenant", "sensor", "at"), change=("systems", "parts"))


def find_hour(conn: Connection, tenant: int, hour: datetime) -> dict[int, TrendRow]:
    """What is kept of one hour, by sensor."""
    rows = conn.execute(
        select(hours.c.sensor, hours.c.systems, hours.c.parts).where(
            hours.c.tenant == tenant, hours.c.at == hour
        )
    )
    return {row.sensor: TrendRow(hour, row.systems, unpack_parts(row.parts)) for row in rows}


def delete_before(conn: Connection, tenant: int, samples_before: datetime, hours_before: datetime) -> None:
    """Forget what is too old to be shown."""
    conn.execute(delete(samples).where(samples.c.tenant == tenant, samples.c.at < samples_before))
    conn.execute(delete(hours).where(hours.c.tenant == tenant, hours.c.at < hours_before))


def list_rows(conn: Connection, tenant: int, table: Table, sensor: int, since: datetime) -> list[TrendRow]:
    """One sensor's rows of :data:`samples` or :data:`hours` from ``since`` on, in order of time."""
    rows = conn.execute(
        select(table.c.at, table.c.systems, table.c.parts)
        .where(table.c.tenant == tenant, table.c.sensor == sensor, table.c.at >= since)
        .order_by(table.c.at)
    )
    return [TrendRow(row.at, row.systems, unpack_parts(row.parts)) for row in rows]


def list_looks(conn: Connection, tenant: int, table: Table, since: datetime) -> list[datetime]:
    """When somebody looked, in order of time."""
    rows = conn.execute(
        select(table.c.at)
        .where(table.c.tenant == tenant, table.c.sensor == LOOKED, table.c.at >= since)
        .order_by(table.c.at)
    )
    return list(rows.scalars())


def list_hourly(conn: Connection, tenant: int, since: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """By sensor, the hours from ``since`` on and the most systems at once in each; hours with none are absent."""
    rows = conn.execute(
        select(hours.c.sensor, hours.c.at, hours.c.systems)
        .where(hours.c.tenant == tenant, hours.c.at >= since)
        .order_by(hours.c.sensor, hours.c.at)
    )
    found: dict[int, list[tuple[datetime, int]]] = {}
    for row in rows:
        found.setdefault(row.sensor, []).append((row.at, row.systems))
    return found


def list_changed(
    conn: Connection, tenant: int, since: datetime, before: datetime, limit: int
) -> list[tuple[datetime, BitMap]]:
    """The newest looks from ``since`` on and before ``before`` at which anything had changed, with the systems that had."""
    rows = conn.execute(
        select(samples.c.at, samples.c.changes)
        .where(
            samples.c.tenant == tenant,
            samples.c.sensor == LOOKED,
            samples.c.at >= since,
            samples.c.at < before,
            func.length(samples.c.changes) > 0,
        )
        .order_by(samples.c.at.desc())
        .limit(limit)
    )
    return [(row.at, BitMap.deserialize(row.changes)) for row in rows]


def list_changes(
    conn: Connection, tenant: int, moments: Iterable[datetime]
) -> list[tuple[datetime, int, tuple[InstanceChange, ...]]]:
    """What changed at these looks: moment, sensor, changes."""
    found: list[tuple[datetime, int, tuple[InstanceChange, ...]]] = []
    for chunk in chunked(moments, _AT_ONCE):
        rows = conn.execute(
            select(samples.c.at, samples.c.sensor, samples.c.changes).where(
                samples.c.tenant == tenant,
                samples.c.at.in_(chunk),
                samples.c.sensor != LOOKED,
                func.length(samples.c.changes) > 0,
            )
        )
        found += [(row.at, row.sensor, unpack_changes(row.changes)) for row in rows]
    return found


def _row(tenant: int, one: Sample, now: datetime) -> dict[str, object]:
    return {
        "tenant": tenant,
        "sensor": one.sensor,
        "at": now,
        "systems": one.systems,
        "parts": pack_parts(one.parts),
        "changes": pack_changes(one.changes),
    }
