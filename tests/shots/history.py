"""A month behind a demo that has just been made, for pages that show the past. Written through the stage's own flow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.db import open_database
from opulse.monitoring.sensors.flow.sampling import keep_look_in
from opulse.monitoring.sensors.models import InstanceChange, Parts, Sample, Sensor
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.views import list_all_members
from opulse.tenancy import list_tenants

USUAL = {
    "Application Hang": ("outlook.exe", "teams.exe", "sap.exe"),
    "High Retransmission Rate": ("",),
    "Total CPU Usage": ("",),
    "Device Manager Status": ("Intel(R) Wi-Fi 6 AX201", "Realtek Audio"),
    "System Pending Reboot": ("",),
}
"""Sensors that were triggered in the past, by instance."""


async def write_history(data: Path) -> None:
    """Hours of a month, and five-minute looks of the last day, in the database of a stopped demo."""
    db = await open_database(f"sqlite:///{data / 'opulse.db'}")
    try:
        (tenant,) = await db.read(list_tenants)
        known = {one.name: one for one in await db.read(list_sensors, tenant.id)}
        members = await db.read(list_all_members, tenant.id)
        now = datetime.now(UTC)
        for at in _moments(now):
            await db.write(_look_in, tenant.id, known, members, at, now)
    finally:
        await db.close()


def _moments(now: datetime) -> Iterator[datetime]:
    day = now - timedelta(hours=24)
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=30)
    while hour < day:
        if not day - timedelta(days=9, hours=5) < hour < day - timedelta(days=9):  # an upgrade: nobody looked
            yield hour
        hour += timedelta(hours=1)
    while day < now - timedelta(minutes=5):
        yield day
        day += timedelta(minutes=5)


def _look_in(
    conn: Connection,
    tenant: int,
    known: dict[str, Sensor],
    members: dict[int, BitMap],
    at: datetime,
    now: datetime,
) -> None:
    systems = list(members[0])
    taken = []
    for place, (name, instances) in enumerate(USUAL.items()):
        if name not in known:
            continue
        counts = {
            one: _count(at, now, place + number * 3, len(systems)) for number, one in enumerate(instances)
        }
        hit = BitMap(systems[: max(counts.values())])
        groups = {idx: len(hit & group) for idx, group in members.items() if idx >= 0 and hit & group}
        named = {one: count for one, count in counts.items() if one and count}
        changes = _changes(at, instances[0], hit)
        taken.append(Sample(known[name].idx, len(hit), Parts(groups, named), changes, None))
    keep_look_in(conn, tenant, taken, at)


def _count(at: datetime, now: datetime, place: int, of: int) -> int:
    """More in working hours, a peak one day of the week, some noise that is the same each time."""
    working = max(math.sin((at.hour - 6 + place) / 12 * math.pi), 0.05) * (0.35 if at.weekday() > 4 else 1)
    noise = 1 + math.sin(at.timestamp() / 7100 + place) / 3
    peak = 3.0 if (now - at).days in (3, 11) and 9 <= at.hour < 13 else 1.0
    return int(of * 0.03 * working * noise * peak / (1 + place / 4))


def _changes(at: datetime, instance: str, hit: BitMap) -> tuple[InstanceChange, ...]:
    """The first systems come and go, so that their pages have something to tell."""
    some = BitMap(list(hit)[:3])
    if at.minute % 30 >= 5 or not some:
        return ()
    return (
        InstanceChange(instance, some, BitMap()) if at.hour % 2 else InstanceChange(instance, BitMap(), some),
    )
