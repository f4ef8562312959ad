"""All SQL of notifications. A deleted one stays as a row, so that its activations keep their parent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from opulse.db import Instant, insert_ignoring_known, metadata
from opulse.monitoring.notifications.models import ActivationOption, Schedule, SchedulePreset, Threshold

notifications = Table(
    "notifications",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("group_idx", Integer, nullable=False),
    Column("option", Text, nullable=False),
    Column("value", Text, nullable=False),  # a decimal as text: a percentage is never rounded by a column
    Column("minimum_systems", Integer, nullable=False),
    Column("hold_seconds", Integer, nullable=False),
    Column("needed_sensors", Integer, nullable=False),  # 0: all
    Column("cool_down_seconds", Integer, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_by", Text, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("deleted", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_notifications_name", "tenant", "deleted", "name"),
)

chosen = Table(
    "notification_sensors",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("notification", Text, nullable=False),
    Column("place", Integer, nullable=False),  # the order in which they were added
    Column("sensor_idx", Integer, nullable=False),
    Column("instance", Text, nullable=False),  # empty: All Instances
    PrimaryKeyConstraint("tenant", "notification", "place"),
    ForeignKeyConstraint(["tenant", "notification"], ["notifications.tenant", "notifications.id"]),
    Index("ix_notification_sensors_sensor", "tenant", "sensor_idx"),
)


@dataclass(frozen=True)
class NotificationRow:
    """What a save writes; ids are resolved already. ``sensors`` are (index, instance or empty)."""

    name: str
    description: str
    group_idx: int
    threshold: Threshold
    minimum_systems: int
    hold_seconds: int
    needed_sensors: int
    cool_down_seconds: int
    schedule: Schedule
    enabled: bool
    sensors: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class StoredNotification:
    """A notification as its own tables tell it, without the names of upstream stages."""

    id: str
    row: NotificationRow
    revision: int
    created_by: str
    created_at: datetime
    modified_by: str
    modified_at: datetime
    tenant: int


def insert_notification(
    conn: Connection, tenant: int, notification: str, row: NotificationRow, actor: str, now: datetime
) -> None:
    conn.execute(
        insert(notifications).values(
            tenant=tenant,
            id=notification,
            revision=1,
            created_by=actor,
            created_at=now,
            modified_by=actor,
            modified_at=now,
            deleted=False,
            **_columns(row),
        )
    )
    _insert_sensors(conn, tenant, notification, row)


def update_notification(
    conn: Connection, tenant: int, notification: str, row: NotificationRow, actor: str, now: datetime
) -> None:
    conn.execute(
        update(notifications)
        .where(notifications.c.tenant == tenant, notifications.c.id == notification)
        .values(revision=notifications.c.revision + 1, modified_by=actor, modified_at=now, **_columns(row))
    )
    conn.execute(delete(chosen).where(chosen.c.tenant == tenant, chosen.c.notification == notification))
    _insert_sensors(conn, tenant, notification, row)


def mark_deleted(conn: Connection, tenant: int, notification: str, actor: str, now: datetime) -> None:
    """It is switched off as well, so that whoever still holds it in memory decides nothing more."""
    conn.execute(
        update(notifications)
        .where(notifications.c.tenant == tenant, notifications.c.id == notification)
        .values(
            deleted=True,
            enabled=False,
            revision=notifications.c.revision + 1,
            modified_by=actor,
            modified_at=now,
        )
    )


def find_notification(
    conn: Connection, tenant: int, notification: str, *, lock: bool = False
) -> StoredNotification | None:
    """A living one. With ``lock`` nobody else changes it until this transaction ends."""
    query = select(notifications).where(
        notifications.c.tenant == tenant,
        notifications.c.id == notification,
        notifications.c.deleted.is_(False),
    )
    row = conn.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    return _stored(row, _sensors_of(conn, tenant, [notification]))


def list_notifications(
    conn: Connection, tenant: int, ids: Sequence[str] | None = None
) -> list[StoredNotification]:
    """The living ones of one tenant by name; with ``ids`` only those."""
    query = (
        select(notifications)
        .where(notifications.c.tenant == tenant, notifications.c.deleted.is_(False))
        .order_by(notifications.c.name, notifications.c.id)
    )
    if ids is not None:
        query = query.where(notifications.c.id.in_(ids))
    rows = conn.execute(query).all()
    sensors = _sensors_of(conn, tenant, [row.id for row in rows] if ids is not None else None)
    return [_stored(row, sensors) for row in rows]


def list_names_watching(conn: Connection, tenant: int, group_idx: int) -> list[str]:
    """Names of the living ones that watch this group."""
    return list(
        conn.execute(
            select(notifications.c.name)
            .where(
                notifications.c.tenant == tenant,
                notifications.c.deleted.is_(False),
                notifications.c.group_idx == group_idx,
            )
            .order_by(notifications.c.name)
        ).scalars()
    )


def list_names_choosing(conn: Connection, tenant: int, sensor_idx: int) -> list[str]:
    """Names of the living ones that have chosen this sensor, on any instance."""
    having = select(chosen.c.notification).where(chosen.c.tenant == tenant, chosen.c.sensor_idx == sensor_idx)
    return list(
        conn.execute(
            select(notifications.c.name)
            .where(
                notifications.c.tenant == tenant,
                notifications.c.deleted.is_(False),
                notifications.c.id.in_(having),
            )
            .order_by(notifications.c.name)
        ).scalars()
    )


def list_tenants_with_notifications(conn: Connection) -> list[int]:
    """Every tenant that has one: the decider is a named resolver across tenants (spine.md, Identities)."""
    query = select(notifications.c.tenant).distinct().where(notifications.c.deleted.is_(False))
    return sorted(conn.execute(query).scalars())


def _columns(row: NotificationRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "description": row.description,
        "group_idx": row.group_idx,
        "option": row.threshold.option.value,
        "value": format(row.threshold.value, "f"),
        "minimum_systems": row.minimum_systems,
        "hold_seconds": row.hold_seconds,
        "needed_sensors": row.needed_sensors,
        "cool_down_seconds": row.cool_down_seconds,
        "schedule": row.schedule.preset.value,
        "zone": row.schedule.zone,
        "enabled": row.enabled,
    }


def _insert_sensors(conn: Connection, tenant: int, notification: str, row: NotificationRow) -> None:
    rows = [
        {
            "tenant": tenant,
            "notification": notification,
            "place": place,
            "sensor_idx": index,
            "instance": instance,
        }
        for place, (index, instance) in enumerate(row.sensors)
    ]
    insert_ignoring_known(conn, chosen, rows)


def _sensors_of(conn: Connection, tenant: int, ids: Iterable[str] | None) -> dict[str, list[tuple[int, str]]]:
    query = select(chosen).where(chosen.c.tenant == tenant).order_by(chosen.c.notification, chosen.c.place)
    if ids is not None:
        query = query.where(chosen.c.notification.in_(list(ids)))
    found: dict[str, list[tuple[int, str]]] = {}
    for row in conn.execute(query):
        found.setdefault(row.notification, []).append((row.sensor_idx, row.instance))
    return found


def _stored(row: Row[Any], sensors: dict[str, list[tuple[int, str]]]) -> StoredNotification:
    return StoredNotification(
        id=row.id,
        row=NotificationRow(
            name=row.name,
            description=row.description,
            group_idx=row.group_idx,
            threshold=Threshold(ActivationOption(row.option), Decimal(row.value)),
            minimum_systems=row.minimum_systems,
            hold_seconds=row.hold_seconds,
            needed_sensors=row.needed_sensors or len(sensors.get(row.id, ())),
            cool_down_seconds=row.cool_down_seconds,
            schedule=Schedule(SchedulePreset(row.schedule), row.zone),
            enabled=row.enabled,
            sensors=tuple(sensors.get(row.id, ())),
        ),
        revision=row.revision,
        created_by=row.created_by,
        created_at=row.created_at,
        modified_by=row.modified_by,
        modified_at=row.modified_at,
        tenant=row.tenant,
    )
