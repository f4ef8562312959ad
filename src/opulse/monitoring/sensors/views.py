"""What downstream stages may ask of the tenant's sensors inside their own units and queries."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from opulse.monitoring.sensors.models import Sensor


def find_sensors(conn: Connection, tenant: int, names: Iterable[str]) -> dict[str, Sensor]:
    """The sensors of exactly these names (names are never parsed), by name; unknown ones are absent."""
    raise NotImplementedError


def find_sensors_by_idx(conn: Connection, tenant: int, idxs: Iterable[int]) -> dict[int, Sensor]:
    """The sensors with these indices."""
    raise NotImplementedError


def list_sensors(conn: Connection, tenant: int) -> list[Sensor]:
    """All sensors of the tenant, by category and name."""
    raise NotImplementedError
