"""A look at every sensor each five minutes, kept so that pages can say how it was. Whoever keeps a tenant's snapshot looks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from opulse.monitoring.sensors.flow.rounds import Rounds
from opulse.monitoring.sensors.models import Parts, Sample, TrendRow
from opulse.monitoring.sensors.rules import samples as rules
from opulse.monitoring.sensors.store import samples as store
from opulse.monitoring.systems.models import RETIRED_IDX

EVERY_SECONDS = 300.0
SAMPLES_KEPT = timedelta(days=7)
HOURS_KEPT = timedelta(days=31)


class Sampler(Rounds):
    """Looks at every sensor of each tenant."""

    name = "sampler"
    every_seconds = EVERY_SECONDS

    async def look(self, tenant: int) -> int:
        """One look at a tenant; the number of sensors that are triggered somewhere, or changed."""
        ports = self._ports
        await self._evaluator.follow(tenant)
        estate = await self._evaluator.ready(tenant)
        before = await ports.db.read(store.list_held, tenant)
        groups = {idx: members for idx, members in estate.members.items() if idx != RETIRED_IDX}
        taken: list[Sample] = []
        for sensor in sorted({*estate.sensors, *before}):  # sensors, not systems: some hundred
            instances = {one.name: one.systems for one in estate.triggered.instances(sensor)}
            systems = estate.triggered.systems(sensor, None)
            found = rules.take_sample(sensor, systems, instances, groups, before.get(sensor, {}))
            if found is not None:
                taken.append(found)
                await asyncio.sleep(0)  # others want their turn
        await ports.db.write(keep_look_in, tenant, taken, ports.clock.now())
        return len(taken)


def keep_look_in(conn: Connection, tenant: int, taken: Sequence[Sample], now: datetime) -> None:
    """Keep the look, raise what its hour had at most, and forget what is too old."""
    store.write_samples(conn, tenant, taken, rules.changed_systems(taken), now)
    hour = now.replace(minute=0, second=0, microsecond=0)
    known = store.find_hour(conn, tenant, hour)
    merged = {one.sensor: rules.merge_hour(hour, known.get(one.sensor), one) for one in taken if one.systems}
    raised = {sensor: row for sensor, row in merged.items() if row != known.get(sensor)}
    if store.LOOKED not in known:
        raised[store.LOOKED] = TrendRow(hour, 0, Parts({}, {}))
    store.write_hours(conn, tenant, raised)
    store.delete_before(conn, tenant, now - SAMPLES_KEPT, now - HOURS_KEPT)
