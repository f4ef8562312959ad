"""Why a sensor cannot be deleted: these silences name it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.sensors.flow.deleting import ask_before_deleting
from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.silences import store


def list_silencing_in(conn: Connection, tenant: int, sensor: Sensor, now: datetime) -> list[str]:
    """The silences of the sensor that are not over, in words."""
    found = store.list_silences(conn, tenant, now)
    return [f"silence {silence.comment}" for silence in found if silence.sensor == sensor.name]


ask_before_deleting(list_silencing_in)
