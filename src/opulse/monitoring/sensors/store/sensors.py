"""Rows of sensors. Names, texts and defaults of factory sensors come from the kits and are refreshed when those change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from opulse.catalogue.models import Scalar
from opulse.db import Instant, JsonDoc, json_list, metadata, upsert
from opulse.monitoring.sensors.models import GroupSetting, Sensor, SensorOrigin

sensors = Table(
    "sensors",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("guid", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),  # casefolded
    Column("category", Text, nullable=False),
    Column("help", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("instanced", Boolean, nullable=False),
    Column("unit", Text, nullable=False),
    Column("origin", Text, nullable=False),  # SensorOrigin
    Column("enabled", Boolean, nullable=False),
    Column("variables", JsonDoc, nullable=False),  # the tenant's own values
    Column("defaults", JsonDoc, nullable=False),  # the kit's
    Column(
        "in_groups", JsonDoc, nullable=False, server_default="{}"
    ),  # index of a group → switch and values there
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "idx"),
    UniqueConstraint("tenant", "guid"),
    UniqueConstraint("tenant", "name_key"),
)

_FROM_KIT = ("name", "category", "help", "severity", "instanced", "unit", "defaults", "updated_at")


def insert_sensors(conn: Connection, tenant: int, new: Sequence[Sensor], now: datetime) -> None:
    """Add sensors that carry fresh indices; raises ``IntegrityError`` when a name is taken."""
    conn.execute(insert(sensors), [_row(tenant, sensor, now) for sensor in new])


def refresh_sensors(conn: Connection, tenant: int, known: Sequence[Sensor], now: datetime) -> None:
    """Take over what the kits say; switches and the tenant's own values stay."""
    rows = [_row(tenant, sensor, now) for sensor in known]
    upsert(conn, sensors, rows, key=("tenant", "idx"), change=_FROM_KIT)


def update_sensor(
    conn: Connection, tenant: int, idx: int, enabled: bool, variables: dict[str, Scalar], now: datetime
) -> None:
    """Set the switch and the tenant's own values."""
    conn.execute(
        update(sensors)
        .where(sensors.c.tenant == tenant, sensors.c.idx == idx)
        .values(enabled=enabled, variables=variables, updated_at=now)
    )


def set_in_groups(
    conn: Connection, tenant: int, idx: int, in_groups: Mapping[int, GroupSetting], now: datetime
) -> None:
    """Set what holds in groups."""
    stored = {
        str(group): {"enabled": one.enabled, "variables": dict(one.variables)}
        for group, one in in_groups.items()
    }
    conn.execute(
        update(sensors)
        .where(sensors.c.tenant == tenant, sensors.c.idx == idx)
        .values(in_groups=stored, updated_at=now)
    )


def describe_sensor(
    conn: Connection, tenant: int, idx: int, category: str, help_text: str, severity: int, now: datetime
) -> None:
    """Set what a person says of a custom sensor."""
    conn.execute(
        update(sensors)
        .where(sensors.c.tenant == tenant, sensors.c.idx == idx)
        .values(category=category, help=help_text, severity=severity, updated_at=now)
    )


def delete_sensor(conn: Connection, tenant: int, idx: int) -> None:
    """Forget the sensor; its index is never given again."""
    conn.execute(delete(sensors).where(sensors.c.tenant == tenant, sensors.c.idx == idx))


def lock_by_name(conn: Connection, tenant: int, name: str) -> Sensor | None:
    """The sensor of exactly this name, its row locked until the unit commits."""
    row = conn.execute(
        select(sensors).where(sensors.c.tenant == tenant, sensors.c.name == name).with_for_update()
    ).one_or_none()
    return None if row is None else _sensor(row)


def find_by_key(conn: Connection, tenant: int, name: str) -> Sensor | None:
    """The sensor of this name, compared without case."""
    row = conn.execute(
        select(sensors).where(sensors.c.tenant == tenant, sensors.c.name_key == name.casefold())
    ).one_or_none()
    return None if row is None else _sensor(row)


def find_by_keys(conn: Connection, tenant: int, names: Iterable[str]) -> dict[str, Sensor]:
    """By casefolded name, the sensors of these names, compared without case."""
    wanted = json_list(conn, {name.casefold() for name in names})
    rows = conn.execute(
        select(sensors).where(sensors.c.tenant == tenant, sensors.c.name_key.in_(select(wanted.c.value)))
    )
    return {row.name_key: _sensor(row) for row in rows}


def find_by_names(conn: Connection, tenant: int, names: Iterable[str]) -> dict[str, Sensor]:
    """The sensors of exactly these names."""
    wanted = json_list(conn, names)
    rows = conn.execute(
        select(sensors).where(sensors.c.tenant == tenant, sensors.c.name.in_(select(wanted.c.value)))
    )
    return {row.name: _sensor(row) for row in rows}


def find_by_idx(conn: Connection, tenant: int, idxs: Iterable[int]) -> dict[int, Sensor]:
    """The sensors with these indices."""
    wanted = json_list(conn, idxs, numbers=True)
    rows = conn.execute(
        select(sensors).where(sensors.c.tenant == tenant, sensors.c.idx.in_(select(wanted.c.value)))
    )
    return {row.idx: _sensor(row) for row in rows}


def list_sensors(conn: Connection, tenant: int) -> list[Sensor]:
    """All sensors of the tenant, by category and name."""
    rows = conn.execute(
        select(sensors).where(sensors.c.tenant == tenant).order_by(sensors.c.category, sensors.c.name_key)
    )
    return [_sensor(row) for row in rows]


def _row(tenant: int, sensor: Sensor, now: datetime) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "idx": sensor.idx,
        "guid": sensor.guid,
        "name": sensor.name,
        "name_key": sensor.name.casefold(),
        "category": sensor.category,
        "help": sensor.help,
        "severity": sensor.severity,
        "instanced": sensor.instanced,
        "unit": sensor.unit,
        "origin": sensor.origin.value,
        "enabled": sensor.enabled,
        "variables": dict(sensor.variables),
        "defaults": dict(sensor.defaults),
        "updated_at": now,
    }


def _sensor(row: Any) -> Sensor:
    return Sensor(
        idx=row.idx,
        guid=row.guid,
        name=row.name,
        category=row.category,
        help=row.help,
        severity=row.severity,
        instanced=row.instanced,
        origin=SensorOrigin(row.origin),
        enabled=row.enabled,
        variables=row.variables,
        defaults=row.defaults,
        unit=row.unit,
        in_groups={
            int(group): GroupSetting(one["enabled"], one["variables"]) for group, one in row.in_groups.items()
        },
    )
