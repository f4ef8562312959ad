"""What the evaluator holds of one tenant, in memory, and how a journal record changes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from pyroaring import BitMap

from opulse.monitoring.sensors.flow.heard import Heard, HeardDump
from opulse.monitoring.sensors.flow.sequences import Sequences
from opulse.monitoring.sensors.flow.triggered import InstanceDump, Triggered
from opulse.monitoring.sensors.models import ActiveInstance, Count, Sensor, SensorPick, StatesRecord, Touched
from opulse.monitoring.sensors.rules.packing import list_changes, unpack
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX, JournalEntry, MembersRecord, RecordKind


class EstateDump(msgspec.Struct, frozen=True, array_like=True):
    """The snapshot of one tenant. Members and sensors are not in it: their tables are read at the start."""

    position: int
    triggered: list[InstanceDump]
    heard: HeardDump
    sequences: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    """What a record changed. ``touched`` None: members, reporting or the catalogue, so anything may have changed."""

    position: int
    touched: Touched | None


class Estate:
    """One tenant's groups, sensors, bits and reports as of ``position``."""

    def __init__(self, window: timedelta) -> None:
        self.position = 0
        self.members: dict[int, BitMap] = {}
        self.sensors: dict[int, Sensor] = {}
        self.by_name: dict[str, Sensor] = {}
        self.triggered = Triggered()
        self.heard = Heard(window)
        self.told = Sequences()  # what senders were answered
        self._applied = Sequences()

    def set_sensors(self, sensors: Iterable[Sensor]) -> None:
        """Take over the catalogue."""
        self.sensors = {sensor.idx: sensor for sensor in sensors}
        self.by_name = {sensor.name: sensor for sensor in self.sensors.values()}

    def apply(self, entry: JournalEntry) -> Applied:
        """Change what the record says. Records come in order, without a gap."""
        if entry.position != self.position + 1:
            raise ValueError(f"journal position {entry.position} does not follow {self.position}")
        self.position = entry.position
        if entry.kind is RecordKind.STATES:
            return Applied(entry.position, self._apply_states(unpack(entry.payload), entry.at))
        if entry.kind is RecordKind.MEMBERS:
            self._apply_members(msgspec.msgpack.decode(entry.payload, type=MembersRecord))
        return Applied(entry.position, None)

    def hear(self, systems: BitMap, seq: int, at: datetime) -> bool:
        """A heartbeat; True when a system that was silent reports again."""
        self.told.raise_to(systems, seq)
        self._applied.raise_to(systems, seq)
        return self.heard.hear(systems, at)

    def count(self, picks: Sequence[SensorPick], group_idx: int) -> Count:
        """See :meth:`Evaluator.count`."""
        members = self.members.get(group_idx, BitMap())
        reporting = members & self.heard.reporting
        qualifying = reporting.copy() if picks else BitMap()
        for pick in picks:
            qualifying &= self._systems_of(pick)
        return Count(qualifying, len(reporting), len(members), self.position)

    def active_instances(
        self, systems: BitMap, picks: Iterable[SensorPick]
    ) -> dict[int, list[ActiveInstance]]:
        """See :meth:`Evaluator.active_instances`."""
        found: dict[int, list[ActiveInstance]] = {}
        for pick in picks:
            sensor = self.sensors.get(pick.sensor_idx)
            if sensor is None or not sensor.enabled:
                continue
            for instance in self.triggered.instances(sensor.idx, pick.instance):
                for system in instance.systems & systems:
                    active = ActiveInstance(sensor.name, instance.name or None)
                    found.setdefault(system, []).append(active)
        return found

    def dump(self) -> bytes:
        """For a snapshot."""
        dump = EstateDump(self.position, self.triggered.dump(), self.heard.dump(), self._applied.dump())
        return msgspec.msgpack.encode(dump)

    def restore(self, stored: bytes) -> None:
        """From a snapshot."""
        dump = msgspec.msgpack.decode(stored, type=EstateDump)
        self.position = dump.position
        self.triggered.restore(dump.triggered)
        self.heard.restore(dump.heard)
        self._applied.restore(dump.sequences)
        self.told = self._applied.copy()

    def _systems_of(self, pick: SensorPick) -> BitMap:
        sensor = self.sensors.get(pick.sensor_idx)
        if sensor is None or not sensor.enabled:
            return BitMap()
        return self.triggered.systems(pick.sensor_idx, pick.instance)

    def _apply_states(self, record: StatesRecord, at: datetime) -> Touched | None:
        named = BitMap.deserialize(record.named)
        late = self._applied.older_than(named, record.seq)
        named -= late
        self._applied.raise_to(named, record.seq)
        self.told.raise_to(named, record.seq)
        touched = self.triggered.clear(named) if record.full else set()
        for change in list_changes(record):
            self.triggered.apply(change._replace(systems=change.systems - late) if late else change)
            touched.add(change.sensor)
        returned = self.heard.hear(named, at)
        return None if returned else frozenset(touched)

    def _apply_members(self, record: MembersRecord) -> None:
        added, removed = BitMap.deserialize(record.added), BitMap.deserialize(record.removed)
        self.members[record.group] = (self.members.get(record.group, BitMap()) | added) - removed
        if record.group == ALL_SYSTEMS_IDX and removed:
            self.triggered.clear(removed)
            self.heard.forget(removed)
