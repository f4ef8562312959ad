"""Leaving a snapshot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.sensors.store.snapshots import write_snapshot


def write_snapshot_in(conn: Connection, tenant: int, position: int, payload: bytes, now: datetime) -> None:
    """Keep what the evaluator holds at ``position``; a start goes on from there."""
    write_snapshot(conn, tenant, position, payload, now)
