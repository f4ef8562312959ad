"""Why a sensor cannot be deleted: these sources hold it triggered, and would vouch for it again each minute."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.sensors.flow.deleting import ask_before_deleting
from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sources.store import holds


def list_holding_in(conn: Connection, tenant: int, sensor: Sensor, now: datetime) -> list[str]:
    """The sources that hold something of the sensor, in words."""
    return [f"source {name}" for name in holds.list_names_holding(conn, tenant, sensor.idx)]


ask_before_deleting(list_holding_in)
