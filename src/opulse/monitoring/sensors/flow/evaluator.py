"""Which system has which sensor triggered now, in bitmaps that follow the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pyroaring import BitMap

from opulse.clock import Clock
from opulse.db import Database
from opulse.monitoring.sensors.models import ActiveInstance, Count, SensorPick, Subscriber
from opulse.ports import Limits


class Evaluator:
    """One per process. ``bootstrap`` makes it, awaits :meth:`start`, puts it on ``app.state.evaluator``, awaits :meth:`stop`.

    ``frozen_until``: until then no system falls silent and nothing may resolve, because we were the ones who did not listen.
    """

    def __init__(self, db: Database, clock: Clock, limits: Limits) -> None:
        self.frozen_until: datetime = clock.now()

    async def start(self) -> None:
        """:meth:`load`, then follow the journal and tick until :meth:`stop`."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop following; leave a snapshot."""
        raise NotImplementedError

    async def load(self) -> None:
        """Snapshot and replay of the journal, for every tenant."""
        raise NotImplementedError

    async def follow(self, tenant: int) -> int:
        """Apply what the journal holds beyond what is applied; the position reached."""
        raise NotImplementedError

    def count(self, tenant: int, picks: Sequence[SensorPick], group_idx: int) -> Count:
        """Which members of the group report and have all ``picks`` triggered. No picks: nobody."""
        raise NotImplementedError

    def subscribe(self, callback: Subscriber) -> None:
        """Call ``callback`` after each applied record, and with ``touched=None`` whenever systems fell silent."""
        raise NotImplementedError

    def active_instances(
        self, tenant: int, system_idxs: Iterable[int], picks: Sequence[SensorPick]
    ) -> dict[int, list[ActiveInstance]]:
        """Per system, which of the picked sensors are triggered now and with which instances; systems without any are absent."""
        raise NotImplementedError

    def instances(self, tenant: int, sensor_idx: int) -> list[str]:
        """Instance names that were seen for the sensor, in alphabetical order: choices of a picker."""
        raise NotImplementedError

    def last_heard(self, tenant: int, system_idx: int) -> datetime | None:
        """When the system last reported, to about 15 s (hours once it is silent); None: not within 30 days."""
        raise NotImplementedError

    def reporting(self, tenant: int) -> BitMap:
        """Systems heard from within the reporting window (or before a freeze)."""
        raise NotImplementedError

    def position(self, tenant: int) -> int:
        """The last journal position applied."""
        raise NotImplementedError
