"""When systems last reported, kept for as long as there are systems. Whoever hears them tells it here, in sets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.systems.store.reports import read_last_reports, write_hours


def note_reports_in(conn: Connection, tenant: int, heard: Mapping[datetime, BitMap], now: datetime) -> None:
    """Systems that were heard in these hours. Each stays in the newest hour in which it was, whoever tells it, and how often."""
    known = read_last_reports(conn, tenant, now).by_hour
    newer, changed = BitMap(), {}
    for hour in sorted({*known, *heard}, reverse=True):
        before = known.get(hour, BitMap())
        after = (before | heard.get(hour, BitMap())) - newer
        newer |= after
        if after != before:
            changed[hour] = after
    write_hours(conn, tenant, changed)


def forget_reports_in(conn: Connection, tenant: int, systems: BitMap, now: datetime) -> None:
    """These systems have never reported: they were deleted."""
    known = read_last_reports(conn, tenant, now).by_hour
    write_hours(conn, tenant, {hour: found - systems for hour, found in known.items() if found & systems})
