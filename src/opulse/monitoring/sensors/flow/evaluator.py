"""Which system has which sensor triggered now, in bitmaps that follow the journal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pyroaring import BitMap
from sqlalchemy.exc import SQLAlchemyError

from opulse.clock import Clock
from opulse.db import Database
from opulse.db.together import Together
from opulse.db.wake import wait
from opulse.monitoring.sensors import views
from opulse.monitoring.sensors.flow.catalogue import seed_tenant_in
from opulse.monitoring.sensors.flow.estate import Applied, Estate
from opulse.monitoring.sensors.flow.snapshots import write_snapshot_in
from opulse.monitoring.sensors.flow.writing import JournalWriter
from opulse.monitoring.sensors.models import ActiveInstance, Count, Heard, Sensor, SensorPick, Subscriber
from opulse.monitoring.sensors.rules.packing import States
from opulse.monitoring.systems import views as systems
from opulse.monitoring.systems.flow.journal import JOURNAL_TOPIC, prune_journal_in
from opulse.monitoring.systems.flow.reports import note_reports_in
from opulse.monitoring.systems.flow.retiring import restore_in
from opulse.monitoring.systems.models import RecordKind
from opulse.observe import get_logger
from opulse.ports import Limits
from opulse.tenancy import list_tenants

SNAPSHOT_EVERY = timedelta(minutes=5)
ASLEEP = timedelta(seconds=60)
"""A loop that comes back this much later than it meant to has not listened: the machine slept."""

_PAGE = 500

log = get_logger("evaluator")


class Evaluator:
    """One per process. ``bootstrap`` makes it, awaits :meth:`start`, puts it on ``app.state.evaluator``, awaits :meth:`stop`.

    ``frozen_until``: until then no system falls silent and nothing may resolve, because we were the ones who did not listen.
    """

    def __init__(self, db: Database, clock: Clock, limits: Limits) -> None:
        self._db = db
        self._clock = clock
        self._limits = limits
        self._estates: dict[int, Estate] = {}
        self._subscribers: list[Subscriber] = []
        self._listeners: list[Heard] = []
        self._loading = asyncio.Lock()
        self._wake = db.wakes.sleeper(JOURNAL_TOPIC)
        self._task: asyncio.Task[None] | None = None
        self._snapshot_at = clock.now()
        self.frozen_until: datetime = clock.now()
        self._lookups: dict[int, Together[str, int]] = {}
        self.writer = JournalWriter(db, self)
        # several processes: the tenant's owner does
        self.keeps_snapshot: Callable[[int], bool] = lambda tenant: True

    async def start(self) -> None:
        """:meth:`load`, then follow the journal and tick until :meth:`stop`."""
        await self.load()
        self._task = asyncio.create_task(self._run(), name="evaluator")

    async def stop(self) -> None:
        """Stop following; leave a snapshot."""
        await self.writer.drain()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self.write_snapshots()
        self._db.wakes.forget(JOURNAL_TOPIC, self._wake)

    async def load(self) -> None:
        """Snapshot and replay of the journal, for every tenant."""
        for tenant in await self._db.read(list_tenants):
            await self.follow(tenant.id)

    async def follow(self, tenant: int) -> int:
        """Apply what the journal holds beyond what is applied; the position reached."""
        estate = await self.ready(tenant)
        for applied in await self._catch_up(tenant, estate):
            self._tell(tenant, applied)
        return estate.position

    def take(self, tenant: int, position: int, states: States, at: datetime) -> bool:
        """Apply a batch that this process has just committed; False where other records lie between: follow the journal then."""
        estate = self._estates[tenant]
        if position == estate.position + 1:
            self._tell(tenant, estate.apply_states(position, states, at))
        return position <= estate.position

    def hear(self, tenant: int, named: BitMap, seq: int) -> None:
        """Systems that reported without a change. Not in the journal: a restart freezes reporting instead."""
        estate = self._estates[tenant]
        now = self._clock.now()
        for listener in self._listeners:
            listener(tenant, named, now)
        if estate.hear(named, seq, now):
            self._tell(tenant, Applied(estate.position, all=True))

    async def hear_elsewhere(self, tenant: int, systems: BitMap, at: datetime) -> None:
        """Systems that reported to another process without a change."""
        estate = await self.ready(tenant)
        if estate.heard.hear(systems, at):
            self._tell(tenant, Applied(estate.position, all=True))

    def subscribe_heard(self, callback: Heard) -> None:
        """Call ``callback`` for each report without a change that this process takes."""
        self._listeners.append(callback)

    def count(
        self,
        tenant: int,
        picks: Sequence[SensorPick],
        group_idx: int,
        needed: int | None = None,
        hidden: BitMap | None = None,
    ) -> Count:
        """Which members of the group report and have ``needed`` of ``picks`` triggered (None: all). No picks: nobody.

        Systems in ``hidden`` count nowhere, neither as affected nor as reporting nor as members.
        """
        estate = self._estates.get(tenant)
        return Count(BitMap(), 0, 0, 0) if estate is None else estate.count(picks, group_idx, needed, hidden)

    def members_of(self, tenant: int, group_idxs: Iterable[int]) -> BitMap:
        """The systems that are in any of the groups, whether they report or not. Not to be changed by the caller."""
        estate = self._estates.get(tenant)
        return BitMap() if estate is None else estate.allowed(frozenset(group_idxs))

    def subscribe(self, callback: Subscriber) -> None:
        """Call ``callback`` after each applied record with the sensors that it touched, and with None whenever members, the
        catalogue or who reports changed."""
        self._subscribers.append(callback)

    def active_instances(
        self, tenant: int, system_idxs: Iterable[int], picks: Sequence[SensorPick]
    ) -> dict[int, list[ActiveInstance]]:
        """Per system, which of the picked sensors are triggered now and with which instances; systems without any are absent."""
        estate = self._estates.get(tenant)
        return {} if estate is None else estate.active_instances(BitMap(system_idxs), picks)

    def triggered_on(self, tenant: int, system_idx: int) -> list[ActiveInstance]:
        """Everything that is triggered on one system, by sensor."""
        estate = self._estates.get(tenant)
        return [] if estate is None else estate.triggered_on(system_idx)

    def triggered_counts(self, tenant: int) -> dict[int, int]:
        """By sensor index, on how many systems it is triggered now; sensors without any are absent."""
        estate = self._estates.get(tenant)
        return {} if estate is None else estate.triggered_counts()

    def groups_of(self, tenant: int, system_idx: int) -> set[int]:
        """Indices of the groups that hold the system."""
        estate = self._estates.get(tenant)
        members = {} if estate is None else estate.members
        return {idx for idx, systems in members.items() if system_idx in systems}

    def instances(self, tenant: int, sensor_idx: int) -> list[str]:
        """Instance names that were seen for the sensor, in alphabetical order: choices of a picker."""
        estate = self._estates.get(tenant)
        seen = () if estate is None else estate.triggered.instances(sensor_idx)
        names = (instance.name for instance in seen)
        return sorted((name for name in names if name), key=str.casefold)

    def last_heard(self, tenant: int, system_idx: int) -> datetime | None:
        """When the system last reported: to 15 s while it reports, to the hour once it is silent; None: not within 7 days."""
        estate = self._estates.get(tenant)
        return None if estate is None else estate.heard.last(system_idx)

    def reporting(self, tenant: int) -> BitMap:
        """Systems heard from within the reporting window (or before a freeze)."""
        estate = self._estates.get(tenant)
        return BitMap() if estate is None else estate.heard.reporting.copy()

    def position(self, tenant: int) -> int:
        """The last journal position applied."""
        estate = self._estates.get(tenant)
        return 0 if estate is None else estate.position

    def sensors(self, tenant: int) -> Mapping[str, Sensor]:
        """The tenant's sensors by name, as of the applied position."""
        estate = self._estates.get(tenant)
        return {} if estate is None else estate.by_name

    def estate(self, tenant: int) -> Estate | None:
        """The tenant's memory, if it is loaded."""
        return self._estates.get(tenant)

    async def ready(self, tenant: int) -> Estate:
        """The tenant's memory, loaded: for the ingest flow, which judges a batch by it."""
        return self._estates.get(tenant) or await self._load(tenant)

    def lookups(self, tenant: int) -> Together[str, int]:
        """Lower-case GUID → index of living systems, asked of the database: for systems that memory has not met."""
        if tenant not in self._lookups:

            def ask(guids: set[str]) -> Awaitable[Mapping[str, int]]:
                return self._db.read(systems.map_living, tenant, guids)

            self._lookups[tenant] = Together(ask)
        return self._lookups[tenant]

    def freeze(self) -> None:
        """We did not listen until now: whoever was reporting is given a window to report again."""
        self.frozen_until = self._clock.now() + self._limits.reporting

    def tick(self) -> None:
        """Notice who has fallen silent. Called by the loop; tests call it after moving their clock."""
        now = self._clock.now()
        if now < self.frozen_until:
            return
        for tenant, estate in self._estates.items():
            if estate.expire(now):
                self._tell(tenant, Applied(estate.position, all=True))

    async def bring_back(self) -> None:
        """Let retired systems that report count again. Called by the loop."""
        for tenant, estate in list(self._estates.items()):
            if self.keeps_snapshot(tenant) and (back := estate.coming_back()):
                await self._db.write(restore_in, tenant, back, self._clock.now())
                await self.follow(tenant)

    async def write_snapshots(self) -> None:
        """Leave what is held, and drop journal records that nobody needs any more."""
        now = self._snapshot_at = self._clock.now()
        for tenant, estate in list(self._estates.items()):
            if not self.keeps_snapshot(tenant):
                continue
            await self._db.write(write_snapshot_in, tenant, estate.position, estate.dump(), now)
            await self._db.write(note_reports_in, tenant, estate.heard.by_hour(), now)
            more = True
            while more:
                more = await self._db.write(prune_journal_in, tenant, estate.position, now) > 0

    async def _run(self) -> None:
        pause = min(self._limits.tick_seconds, 60.0)
        while True:
            meant = self._clock.now()
            await wait(self._wake, pause)
            if self._clock.now() - meant > timedelta(seconds=pause) + ASLEEP:
                self.freeze()
            try:
                await self._step()
            except (SQLAlchemyError, OSError) as error:
                log.error("the journal cannot be followed", exc_info=error)
                self.freeze()
                await asyncio.sleep(1)

    async def _step(self) -> None:
        for tenant in await self._db.read(list_tenants):
            await self.follow(tenant.id)
        await self.bring_back()
        self.tick()
        if self._clock.now() - self._snapshot_at >= SNAPSHOT_EVERY:
            await self.write_snapshots()

    async def _load(self, tenant: int) -> Estate:
        async with self._loading:
            if tenant not in self._estates:
                self._estates[tenant] = await self._load_one(tenant)
            return self._estates[tenant]

    async def _load_one(self, tenant: int) -> Estate:
        # a new tenant gets its catalogue, a known one what an update of the kits brought
        await self._db.write(seed_tenant_in, tenant, self._clock.now())
        estate = Estate(self._limits.reporting)
        stored = await self._db.read(views.find_snapshot, tenant)
        if stored is not None:
            estate.restore(stored)
        estate.members = await self._db.read(systems.list_all_members, tenant)
        estate.set_sensors(await self._db.read(views.list_sensors, tenant))
        await self._catch_up(tenant, estate)
        if estate.heard.reporting:
            self.freeze()
        return estate

    async def _catch_up(self, tenant: int, estate: Estate) -> list[Applied]:
        done: list[Applied] = []
        while entries := await self._db.read(systems.list_journal, tenant, estate.position, _PAGE):
            if any(entry.kind is RecordKind.CATALOGUE for entry in entries):
                estate.set_sensors(await self._db.read(views.list_sensors, tenant))
            # a record may have been taken by hand while we read
            done += [estate.apply(entry) for entry in entries if entry.position > estate.position]
        return done

    def _tell(self, tenant: int, applied: Applied) -> None:
        for callback in self._subscribers:
            if applied.touched:
                callback(tenant, applied.touched, applied.position)
            if applied.all:
                callback(tenant, None, applied.position)
