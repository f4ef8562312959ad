"""What sources hold, looked after once a minute: what nobody repeated in time is cleared, and what is held stays triggered.

An agent that starts replaces all bits of its system, also those of sources; a system that only another tool speaks of would fall
silent after the reporting window. So whoever owns the tenant compares what is held with what is triggered, and vouches for the
systems.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors.flow.ingest import record_states_in
from opulse.monitoring.sensors.flow.rounds import Rounds
from opulse.monitoring.sensors.models import UNORDERED
from opulse.monitoring.sensors.rules.packing import Change
from opulse.monitoring.sources.flow.receiving import sender_of, settle_in
from opulse.monitoring.sources.models import REMEMBERED, Target
from opulse.monitoring.sources.store import holds
from opulse.monitoring.sources.store import sources as rows

EVERY_SECONDS = 60.0
AT_ONCE = 1000
"""Holds that end in one unit."""

Held = dict[tuple[int, str], BitMap]
"""Sensor and instance as written → systems."""


class Keeper(Rounds):
    """Looks after what the sources of each tenant hold."""

    name = "sources"
    every_seconds = EVERY_SECONDS

    async def look(self, tenant: int) -> None:
        """One look at a tenant."""
        ports, evaluator = self._ports, self._evaluator
        now = ports.clock.now()
        for source in await ports.db.read(holds.list_sources_with_ended, tenant, now):
            while await ports.db.write(end_in, tenant, source, now):
                pass
        await ports.db.write(_forget_in, tenant, now)
        await evaluator.follow(tenant)
        held = await ports.db.read(_held_in, tenant)
        if not held:
            return
        estate = await evaluator.ready(tenant)
        if missing := _missing(evaluator, tenant, held):
            targets = [
                Target(system, sensor, name.casefold())
                for (sensor, name), systems in missing.items()
                for system in systems
            ]
            await ports.db.write(assert_in, tenant, targets, now)
            await evaluator.follow(tenant)
        vouched = BitMap.union(BitMap(), *held.values()) & estate.living
        evaluator.hear(tenant, vouched, UNORDERED)


def end_in(conn: Connection, tenant: int, source_id: str, now: datetime) -> bool:
    """End some holds whose time to live is over; True: there may be more."""
    source = rows.lock_sources(conn, tenant).get(source_id)
    if source is None:
        return False
    ended = holds.take_ended(conn, tenant, source_id, now, AT_ONCE)
    settle_in(conn, tenant, source, set(ended), ended, now)
    return len(ended) == AT_ONCE


def drop_in(conn: Connection, tenant: int, source_id: str, now: datetime) -> bool:
    """End some of what a source holds, because it goes or is switched off; True: there may be more."""
    source = rows.lock_sources(conn, tenant).get(source_id)
    if source is None:
        return False
    ended = holds.take_all(conn, tenant, source_id, AT_ONCE)
    settle_in(conn, tenant, source, set(ended), ended, now)
    return len(ended) == AT_ONCE


def assert_in(conn: Connection, tenant: int, targets: Iterable[Target], now: datetime) -> None:
    """Say again what is held still: the bits were replaced by somebody else."""
    locked = rows.lock_sources(conn, tenant)
    if not locked:
        return
    again: Held = {}
    for target, name in holds.find_held(conn, tenant, targets).items():
        again.setdefault((target.sensor, name), BitMap()).add(target.system)
    if again:
        source = next(iter(locked.values()))
        changes = [Change(sensor, name, True, systems) for (sensor, name), systems in again.items()]
        record_states_in(conn, tenant, sender_of(source.id), source.sequence + 1, changes, now)
        rows.note_written(conn, tenant, source.id, source.sequence + 1, source.made)


def _held_in(conn: Connection, tenant: int) -> Held:
    """By sensor and instance; of an instance that is written in two ways, one."""
    spelled: dict[tuple[int, str], str] = {}
    found: Held = {}
    by_name = groupby(holds.list_held(conn, tenant), itemgetter(0, 1))
    for (sensor, instance), rows_of_it in by_name:
        name = spelled.setdefault((sensor, instance.casefold()), instance)
        systems = BitMap([system for _, _, system in rows_of_it])
        found[sensor, name] = found.get((sensor, name), BitMap()) | systems
    return found


def _missing(evaluator: Evaluator, tenant: int, held: Held) -> Held:
    estate = evaluator.estate(tenant)
    if estate is None:
        return {}
    found = {}
    for (sensor, name), systems in held.items():
        lost = (systems & estate.living) - estate.triggered.systems(sensor, name)
        if lost:
            found[sensor, name] = lost
    return found


def _forget_in(conn: Connection, tenant: int, now: datetime) -> None:
    holds.forget_ended(conn, tenant, now - REMEMBERED)
