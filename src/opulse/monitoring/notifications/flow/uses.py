"""Why a group or a sensor cannot be deleted: these notifications watch it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.notifications import store
from opulse.monitoring.sensors.flow.deleting import ask_before_deleting as ask_before_deleting_sensor
from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.systems.flow.uses import ask_before_deleting


def list_watching_in(conn: Connection, tenant: int, group_idx: int) -> list[str]:
    """Names of the notifications that watch the group, switched on or off."""
    return store.list_names_watching(conn, tenant, group_idx)


ask_before_deleting(list_watching_in)


def list_choosing_in(conn: Connection, tenant: int, sensor: Sensor, now: datetime) -> list[str]:
    """The notifications that have chosen the sensor, switched on or off, in words."""
    return [f"notification {name}" for name in store.list_names_choosing(conn, tenant, sensor.idx)]


ask_before_deleting_sensor(list_choosing_in)
