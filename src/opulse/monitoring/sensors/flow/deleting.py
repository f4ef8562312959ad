"""Delete a custom sensor. What uses it stands downstream and is unknown here: it says so by :func:`ask_before_deleting`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.sensors.models import Sensor, SensorOrigin, SensorProblem, SensorRefused
from opulse.monitoring.sensors.store import sensors
from opulse.monitoring.systems.flow import append_in
from opulse.monitoring.systems.models import RecordKind
from opulse.ports import Ports
from opulse.tenancy import audit_in

Uses = Callable[[Connection, int, Sensor, datetime], list[str]]
"""Tenant, sensor and now → what uses it, each in words: ``notification Teams hangs``."""

_asked: list[Uses] = []


def ask_before_deleting(uses: Uses) -> None:
    """A sensor that ``uses`` names a user of cannot be deleted. Safe to call again."""
    if uses not in _asked:
        _asked.append(uses)


async def delete_sensor(ports: Ports, tenant: int, name: str, actor: str) -> bool:
    """Forget a sensor that a person made, with its states. False: there is no such sensor.

    Raises:
        SensorRefused: it comes from a kit, or something uses it; ``what`` says what.
    """
    return await ports.db.write(delete_sensor_in, tenant, name, actor, ports.clock.now())


def delete_sensor_in(conn: Connection, tenant: int, name: str, actor: str, now: datetime) -> bool:
    """:func:`delete_sensor` inside another unit. Its index is given to no other."""
    sensor = sensors.lock_by_name(conn, tenant, name)
    if sensor is None:
        return False
    if sensor.origin is SensorOrigin.FACTORY:
        raise SensorRefused(SensorProblem.FROM_KIT, {name: "it comes from a kit; switch it off instead"})
    if uses := [words for asked in _asked for words in asked(conn, tenant, sensor, now)]:
        raise SensorRefused(SensorProblem.IN_USE, {name: f"it is used by {', '.join(uses)}"})
    sensors.delete_sensor(conn, tenant, sensor.idx)
    append_in(conn, tenant, RecordKind.CATALOGUE, b"", now)
    before = {"category": sensor.category, "severity": sensor.severity, "instanced": sensor.instanced}
    audit_in(conn, tenant, actor, "sensor.deleted", name, before, None, now)
    return True
