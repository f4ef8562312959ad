"""Who reported without a change, told between processes: one bitmap per process and quarter of a minute.

A row is replaced while its quarter lasts and its bitmap only grows, so a reader that takes it twice, or late, is none the worse.
"""

from __future__ import annotations

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
    Text,
    delete,
    select,
)

from opulse.db import Instant, metadata, upsert
from opulse.monitoring.sensors.models import Report

reports = Table(
    "sensor_reports",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("process", Text, nullable=False),
    Column("heard_at", Instant, nullable=False),  # the beginning of the quarter
    Column("written_at", Instant, nullable=False),
    Column("systems", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "process", "heard_at"),
    Index("ix_sensor_reports_written_at", "written_at"),
)


def write_reports(conn: Connection, process: str, told: list[Report], now: datetime) -> None:
    """Leave what this process has heard."""
    rows = [
        {
            "tenant": report.tenant,
            "process": process,
            "heard_at": report.heard_at,
            "written_at": now,
            "systems": report.systems.serialize(),
        }
        for report in told
    ]
    upsert(conn, reports, rows, key=("tenant", "process", "heard_at"), change=("written_at", "systems"))


def list_reports(conn: Connection, process: str, since: datetime) -> list[Report]:
    """What others than ``process`` have written since. Serves every tenant: a resolver of the evaluator."""
    rows = conn.execute(
        select(reports.c.tenant, reports.c.heard_at, reports.c.systems).where(
            reports.c.written_at >= since, reports.c.process != process
        )
    )
    return [Report(row.tenant, row.heard_at, BitMap.deserialize(row.systems)) for row in rows]


def delete_reports(conn: Connection, before: datetime) -> None:
    """Forget what is too old to matter to anybody who starts now."""
    conn.execute(delete(reports).where(reports.c.written_at < before))
