"""What downstream stages may ask of the tenant's sensors inside their own units and queries."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sensors.store import sensors, snapshots


def find_sensors(conn: Connection, tenant: int, names: Iterable[str]) -> dict[str, Sensor]:
    """The sensors of exactly these names (names are never parsed), by name; unknown ones are absent."""
    return sensors.find_by_names(conn, tenant, names)


def find_sensors_without_case(conn: Connection, tenant: int, names: Iterable[str]) -> dict[str, Sensor]:
    """By casefolded name, the sensors of these names, compared without case; unknown ones are absent."""
    return sensors.find_by_keys(conn, tenant, names)


def find_sensors_by_idx(conn: Connection, tenant: int, idxs: Iterable[int]) -> dict[int, Sensor]:
    """The sensors with these indices."""
    return sensors.find_by_idx(conn, tenant, idxs)


def list_sensors(conn: Connection, tenant: int) -> list[Sensor]:
    """All sensors of the tenant, by category and name."""
    return sensors.list_sensors(conn, tenant)


def find_snapshot(conn: Connection, tenant: int) -> bytes | None:
    """What the evaluator last left, to start from."""
    return snapshots.find_snapshot(conn, tenant)
