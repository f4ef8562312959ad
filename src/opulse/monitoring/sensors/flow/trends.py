"""How a sensor went, and what happened on a system, read from the samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.sampling import SAMPLES_KEPT
from opulse.monitoring.sensors.models import Parts, SystemChange, TrendPoint, TrendRow, TrendSpan
from opulse.monitoring.sensors.rules import samples as sampled
from opulse.monitoring.sensors.rules import trends as rules
from opulse.monitoring.sensors.store import samples as store
from opulse.monitoring.systems.models import RETIRED_IDX
from opulse.ports import Ports

Key = TypeVar("Key")

SHOWN = 10
"""Groups and instances with a line of their own: those on the most systems."""
MOST_CHANGES = 200
LOOKS_AT_ONCE = 24
"""Two hours of looks."""


@dataclass(frozen=True, slots=True)
class PartTrend:
    """A group (by index) or an instance (by name), and how the sensor went there."""

    key: int | str
    points: tuple[TrendPoint, ...]

    @property
    def most(self) -> int:
        return rules.most_of(self.points)

    @property
    def values(self) -> list[int]:
        """For a small picture: what nobody saw is drawn as none."""
        return [point.systems or 0 for point in self.points]


@dataclass(frozen=True, slots=True)
class Trend:
    """One sensor over a span: as asked for, and by group and instance. ``since`` is the first look there is."""

    span: TrendSpan
    points: tuple[TrendPoint, ...]
    groups: tuple[PartTrend, ...]
    instances: tuple[PartTrend, ...]
    since: datetime

    @property
    def most(self) -> int:
        return rules.most_of(self.points)


@dataclass(frozen=True, slots=True)
class SystemPast:
    """What happened on a system, newest first, and what the last look saw triggered there, as (sensor, instance)."""

    changes: tuple[SystemChange, ...]
    seen: frozenset[tuple[int, str]]

    def since(self, sensor: int, instance: str) -> datetime | None:
        """The look that first saw it triggered; None: older than what is kept, or newer than the last look."""
        mine = (one for one in self.changes if (one.sensor, one.instance) == (sensor, instance))
        newest = next(mine, None)
        return newest.at if newest is not None and newest.on else None


async def read_trend(
    ports: Ports,
    evaluator: Evaluator,
    tenant: int,
    sensor: int,
    span: TrendSpan,
    group: int | None = None,
    instance: str = "",
) -> Trend:
    """How the sensor went, until this moment: everywhere, or in one group, or of one instance. One walk of an index per sensor,
    whatever the systems."""
    now = ports.clock.now()
    live = live_row(evaluator, tenant, sensor, now)
    return await ports.db.read(_read_trend, tenant, sensor, span, group, instance, live)


def live_row(evaluator: Evaluator, tenant: int, sensor: int, now: datetime) -> TrendRow:
    """What a look would see now."""
    estate = evaluator.estate(tenant)
    if estate is None:
        return TrendRow(now, 0, Parts({}, {}))
    instances = {one.name: one.systems for one in estate.triggered.instances(sensor)}
    systems = estate.triggered.systems(sensor, None)
    groups = {idx: members for idx, members in estate.members.items() if idx != RETIRED_IDX}
    return TrendRow(now, len(systems), sampled.count_parts(systems, instances, groups))


async def read_past(ports: Ports, tenant: int, system: int) -> SystemPast:
    """What became triggered on the system and stopped being in the last seven days, newest first."""
    return await ports.db.read(_read_past, tenant, system, ports.clock.now())


async def read_last_day(ports: Ports, tenant: int) -> dict[int, list[int]]:
    """By sensor, the most systems at once in each of the last 24 hours; sensors that were triggered nowhere are absent."""
    now = ports.clock.now()
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    found = await ports.db.read(store.list_hourly, tenant, first)
    found.pop(store.LOOKED, None)
    hours = [first + timedelta(hours=number) for number in range(24)]
    return {sensor: [dict(rows).get(hour, 0) for hour in hours] for sensor, rows in found.items()}


def _read_trend(
    conn: Connection,
    tenant: int,
    sensor: int,
    span: TrendSpan,
    group: int | None,
    instance: str,
    live: TrendRow,
) -> Trend:
    table = store.samples if span is TrendSpan.DAY else store.hours
    now, since = live.at, rules.first_bucket(span, live.at)
    looks = [*store.list_looks(conn, tenant, table, since), now]
    rows = [*store.list_rows(conn, tenant, table, sensor, since), live]

    buckets = rules.sort_rows(span, now, looks, rows)
    counted = rules.of_everything if group is None else rules.of_group(group)
    if instance:
        counted = rules.of_instance(instance)
    groups = _best(row.parts.groups for row in rows)
    instances = _best(row.parts.instances for row in rows)
    return Trend(
        span,
        rules.draw(buckets, counted),
        tuple(PartTrend(idx, rules.draw(buckets, rules.of_group(idx))) for idx in groups),
        tuple(PartTrend(name, rules.draw(buckets, rules.of_instance(name))) for name in instances),
        looks[0],
    )


def _best(parts: Iterable[Mapping[Key, int]]) -> list[Key]:
    most: dict[Key, int] = {}
    for counts in parts:
        for key, count in counts.items():
            most[key] = max(most.get(key, 0), count)
    return sorted(most, key=lambda key: -most[key])[:SHOWN]


def _read_past(conn: Connection, tenant: int, system: int, now: datetime) -> SystemPast:
    """The newest looks first, some at a time, until there are enough changes: a system that changes at every look costs no more
    than one that does once a day."""
    found: list[SystemChange] = []
    before = now + timedelta(seconds=1)
    while len(found) < MOST_CHANGES:
        looks = store.list_changed(conn, tenant, now - SAMPLES_KEPT, before, LOOKS_AT_ONCE)
        if not looks:
            break
        before = looks[-1][0]
        moments = [at for at, changed in looks if system in changed]
        for at, sensor, changes in store.list_changes(conn, tenant, moments):
            found += sampled.changes_of(system, at, sensor, changes)
    found.sort(key=lambda one: (one.at, one.sensor, one.instance), reverse=True)
    held = store.list_held(conn, tenant)
    seen = ((sensor, name) for sensor, parts in held.items() for name, on in parts.items() if system in on)
    return SystemPast(tuple(found[:MOST_CHANGES]), frozenset(seen))
