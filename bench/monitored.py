"""A large estate as it is after some days: systems that report, triggered bits, groups, notifications; all in its database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pyroaring import BitMap
from sqlalchemy import Connection

from bench.estates import Estate, add_systems, open_estate
from opulse.db import chunked
from opulse.monitoring.notifications.flow.saving import create_notification
from opulse.monitoring.notifications.models import NotificationDraft, SensorChoice
from opulse.monitoring.sensors.flow.estate import Estate as Memory
from opulse.monitoring.sensors.flow.snapshots import write_snapshot_in
from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.sensors.rules.packing import Change, States
from opulse.monitoring.sensors.store import sensors as sensor_rows
from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.numbers import take_numbers_in
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX, Group, GroupKind, Numbered
from opulse.monitoring.systems.store import groups as group_rows

CROSSING = 10
"""Notifications that the burst makes activate; the others are recounted and stay as they are."""
NEEDED = 500
"""Systems that those need."""


@dataclass(frozen=True)
class Size:
    systems: int = 1_000_000
    sensors: int = 1_300
    groups: int = 200
    notifications: int = 1_000


def sensor_name(number: int) -> str:
    return f"Measured {number:04d}"


async def build(data: Path, size: Size) -> None:
    """Everything, up to a snapshot that says who reports and what is triggered."""
    estate = await open_estate(data)
    await add_systems(estate, size.systems)
    db, tenant, now = estate.ports.db, estate.tenant, estate.ports.clock.now()
    await db.write(_add_sensors, estate, size.sensors)
    guids = [""]
    for chunk in chunked(range(1, size.groups), 20):
        guids += await db.write(_add_groups, estate, chunk, size.systems)
    everybody = (await db.read(views.list_groups, tenant))[0].guid
    for number in range(size.notifications):
        group = everybody if number < CROSSING else guids[1 + number % (size.groups - 1)]
        await create_notification(estate.ports, tenant, "bench", _draft(number, group, size.sensors))
    memory, position = _remember(estate, size), len(await db.read(views.list_journal, tenant, 0, 10_000))
    memory.position = position
    await db.write(write_snapshot_in, tenant, position, memory.dump(), now)
    await estate.close()


def _add_sensors(conn: Connection, estate: Estate, count: int) -> None:
    known = len(sensor_rows.list_sensors(conn, estate.tenant))
    first = take_numbers_in(conn, estate.tenant, Numbered.SENSOR, count - known)
    made = [
        Sensor(
            idx=first + number,
            guid=str(uuid4()),
            name=sensor_name(number),
            category="Measured",
            help="",
            severity=5,
            instanced=number % 2 == 1,
            origin=SensorOrigin.CUSTOM,
            enabled=True,
            variables={},
            defaults={},
        )
        for number in range(count - known)
    ]
    sensor_rows.insert_sensors(conn, estate.tenant, made, estate.ports.clock.now())


def _add_groups(conn: Connection, estate: Estate, numbers: list[int], systems: int) -> list[str]:
    """Group n holds every n-th system or so: from all but a few to some thousands."""
    take_numbers_in(conn, estate.tenant, Numbered.GROUP, len(numbers))
    made = []
    for number in numbers:
        members = BitMap(range(number, systems + 1, number + 1))
        group = Group(number, str(uuid4()), f"Group {number}", GroupKind.STATIC, len(members))
        group_rows.insert_group(conn, estate.tenant, group, members, estate.ports.clock.now())
        made.append(group.guid)
    return made


def _draft(number: int, group: str, sensors: int) -> NotificationDraft:
    """The first ``CROSSING`` watch a sensor each that nobody else has; the others two or three, and need half of their group."""
    custom = sensors - 172 - CROSSING
    names = [sensor_name(number)]
    if number >= CROSSING:
        names = [sensor_name(CROSSING + (number * step) % custom) for step in (1, 7, 31)[: 2 + number % 2]]
    return NotificationDraft(
        name=f"Notification {number}",
        description="",
        sensors=tuple(SensorChoice(name) for name in dict.fromkeys(names)),
        group_id=group,
        option="number" if number < CROSSING else "percentage",
        value=str(NEEDED) if number < CROSSING else "50",
        recipients=(),
    )


def _remember(estate: Estate, size: Size) -> Memory:
    """What an evaluator would hold: everybody reports, each sensor is triggered on one system in 125."""
    memory = Memory(estate.ports.limits.reporting)
    everybody = BitMap(range(1, size.systems + 1))
    memory.members = {ALL_SYSTEMS_IDX: everybody}
    changes = [
        Change(idx, "", True, BitMap(range(1 + idx % 125, size.systems + 1, 125)))
        for idx in range(1 + CROSSING + 172, size.sensors + 1)
    ]
    memory.apply_states(1, States(1, False, everybody, changes), estate.ports.clock.now())
    return memory
