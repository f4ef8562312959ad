"""What the evaluator holds of one tenant, in memory, and how a journal record changes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from pyroaring import BitMap

from opulse.monitoring.sensors.flow.guids import KnownSystems
from opulse.monitoring.sensors.flow.heard import Heard, HeardDump
from opulse.monitoring.sensors.flow.sequences import Sequences
from opulse.monitoring.sensors.flow.triggered import InstanceDump, Triggered
from opulse.monitoring.sensors.models import ActiveInstance, Count, Sensor, SensorPick, Touched
from opulse.monitoring.sensors.rules.batch import Sender
from opulse.monitoring.sensors.rules.packing import States, unpack
from opulse.monitoring.sensors.rules.together import systems_with
from opulse.monitoring.systems.models import (
    ALL_SYSTEMS_IDX,
    RETIRED_IDX,
    JournalEntry,
    MembersRecord,
    RecordKind,
)

_NOBODY = BitMap()


class EstateDump(msgspec.Struct, frozen=True, array_like=True):
    """The snapshot of one tenant. Members and sensors are not in it: their tables are read at the start."""

    position: int
    triggered: list[InstanceDump]
    heard: HeardDump
    sequences: bytes


class Applied(msgspec.Struct, frozen=True):
    """What a record changed: the bits of some sensors, and, where ``all`` says so, members, reporting or the catalogue."""

    position: int
    touched: Touched = frozenset()
    all: bool = False


class Estate:
    """One tenant's groups, sensors, bits and reports as of ``position``."""

    def __init__(self, window: timedelta) -> None:
        self.position = 0
        self.sensors: dict[int, Sensor] = {}
        self.by_name: dict[str, Sensor] = {}
        self.triggered = Triggered()
        self.heard = Heard(window)
        self.known = KnownSystems()
        self.groups: dict[str, int] = {}  # GUID → index, of the groups that keys were asked for
        self.told = Sequences()  # what senders were answered
        self._applied = Sequences()
        self._members: dict[int, BitMap] = {}
        self._reporting: dict[int, BitMap] = {}  # members of a group that report, until either changes
        self._allowed: dict[frozenset[int], BitMap] = {}  # members of several groups, until one changes
        self.senders: dict[
            tuple[str, tuple[str, ...]], Sender
        ] = {}  # by role and scope, until members change

    @property
    def members(self) -> dict[int, BitMap]:
        """Members by index of the group. To be replaced as a whole, not changed."""
        return self._members

    @members.setter
    def members(self, members: dict[int, BitMap]) -> None:
        self._members = members
        self._forget_members()

    @property
    def living(self) -> BitMap:
        """Every system that is no tombstone."""
        return self._members.get(ALL_SYSTEMS_IDX, _NOBODY)

    @property
    def retired(self) -> BitMap:
        """Systems that count nowhere until they report."""
        return self._members.get(RETIRED_IDX, _NOBODY)

    def allowed(self, groups: frozenset[int]) -> BitMap:
        """Members of any of the groups. Not to be changed by the caller."""
        found = self._allowed.get(groups)
        if found is None:
            found = BitMap.union(BitMap(), *(self._members.get(idx, _NOBODY) for idx in groups))
            self._allowed[groups] = found
        return found

    def set_sensors(self, sensors: Iterable[Sensor]) -> None:
        """Take over the catalogue."""
        self.sensors = {sensor.idx: sensor for sensor in sensors}
        self.by_name = {sensor.name: sensor for sensor in self.sensors.values()}

    def apply(self, entry: JournalEntry) -> Applied:
        """Change what the record says. Records come in order, without a gap."""
        if entry.position != self.position + 1:
            raise ValueError(f"journal position {entry.position} does not follow {self.position}")
        if entry.kind is RecordKind.STATES:
            return self.apply_states(entry.position, unpack(entry.payload), entry.at)
        self.position = entry.position
        if entry.kind is RecordKind.MEMBERS:
            self._apply_members(msgspec.msgpack.decode(entry.payload, type=MembersRecord))
        return Applied(entry.position, all=True)

    def apply_states(self, position: int, states: States, at: datetime) -> Applied:
        """:meth:`apply` for a batch that need not be unpacked any more. It is not changed."""
        self.position = position
        named = states.named & self.living  # a system may have been deleted while its batch was on its way
        late = self._applied.older_than(named, states.seq)
        named -= late
        self._applied.raise_to(named, states.seq)
        self.told.raise_to(named, states.seq)
        touched = self.triggered.clear(named) if states.full else set()
        whole = len(named) == len(states.named)
        for change in states.changes:
            self.triggered.apply(change if whole else change._replace(systems=change.systems & named))
            touched.add(change.sensor)
        if states.lines is not None:
            self.triggered.take(states.lines if whole else states.lines.within(named))
            touched |= states.lines.sensors
        returned = self._hear(named, at)
        return Applied(position, frozenset(touched), returned)

    def untell(self, systems: BitMap, waiting: Iterable[States]) -> None:
        """A batch was not taken after all: these systems are judged by what was applied and by what waits for its commit."""
        self.told.lower_to(systems, self._applied)
        for states in waiting:
            self.told.raise_to(states.named & systems, states.seq)

    def hear(self, systems: BitMap, seq: int, at: datetime) -> bool:
        """A heartbeat; True when a system that was silent reports again."""
        self.told.raise_to(systems, seq)
        self._applied.raise_to(systems, seq)
        return self._hear(systems, at)

    def expire(self, now: datetime) -> bool:
        """Notice who has fallen silent; True when somebody has."""
        fallen = bool(self.heard.expire(now))
        if fallen:
            self._reporting.clear()
        return fallen

    def count(
        self, picks: Sequence[SensorPick], group_idx: int, needed: int | None, hidden: BitMap | None
    ) -> Count:
        """See :meth:`Evaluator.count`."""
        reporting = self._reporting_of(group_idx)
        members = self._members.get(group_idx, _NOBODY)
        if hidden:
            reporting, members = reporting - hidden, members - hidden
        hit = [self._systems_of(pick) for pick in picks]
        qualifying = systems_with(hit, len(hit) if needed is None else needed, reporting)
        counting = len(members) - members.intersection_cardinality(self.retired)
        return Count(qualifying, len(reporting), counting, self.position)

    def coming_back(self) -> BitMap:
        """Retired systems that have reported since."""
        return self.retired & self.heard.reporting

    def active_instances(
        self, systems: BitMap, picks: Iterable[SensorPick]
    ) -> dict[int, list[ActiveInstance]]:
        """See :meth:`Evaluator.active_instances`."""
        found: dict[int, list[ActiveInstance]] = {}
        for pick in picks:
            sensor = self.sensors.get(pick.sensor_idx)
            if sensor is None:
                continue
            counting = systems & self._evaluating(sensor) if sensor.in_groups else systems
            if not (sensor.enabled or sensor.in_groups):
                continue
            for instance in self.triggered.instances(sensor.idx, pick.instance):
                for system in instance.systems & counting:
                    active = ActiveInstance(sensor.name, instance.name or None)
                    found.setdefault(system, []).append(active)
        return found

    def triggered_on(self, system_idx: int) -> list[ActiveInstance]:
        """See :meth:`Evaluator.triggered_on`."""
        picks = [SensorPick(idx) for idx in self.sensors]
        active = self.active_instances(BitMap([system_idx]), picks).get(system_idx, [])
        return sorted(active, key=lambda one: (one.sensor, one.instance or ""))

    def triggered_counts(self) -> dict[int, int]:
        """See :meth:`Evaluator.triggered_counts`."""
        counts = {idx: len(self.triggered.systems(idx, None)) for idx in self.sensors}
        return {idx: count for idx, count in counts.items() if count}

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
        self._reporting.clear()
        self._applied.restore(dump.sequences)
        self.told = self._applied.copy()

    def _reporting_of(self, group_idx: int) -> BitMap:
        found = self._reporting.get(group_idx)
        if found is None:
            found = self._members.get(group_idx, _NOBODY) & self.heard.reporting
            self._reporting[group_idx] = found
        return found

    def _systems_of(self, pick: SensorPick) -> BitMap:
        sensor = self.sensors.get(pick.sensor_idx)
        if sensor is None:
            return _NOBODY
        found = self.triggered.systems(pick.sensor_idx, pick.instance)
        if not sensor.in_groups:
            return found if sensor.enabled else _NOBODY
        return found & self._evaluating(sensor)

    def _evaluating(self, sensor: Sensor) -> BitMap:
        """Systems on which the sensor is on: the group that was made last has the last word."""
        on = self.living.copy() if sensor.enabled else BitMap()
        for idx in sorted(sensor.in_groups):
            setting = sensor.in_groups[idx]
            if setting.enabled is not None:
                members = self._members.get(idx, _NOBODY)
                on = on | members if setting.enabled else on - members
        return on

    def _hear(self, systems: BitMap, at: datetime) -> bool:
        returned = self.heard.hear(systems, at)
        if returned:
            self._reporting.clear()
        return returned

    def _apply_members(self, record: MembersRecord) -> None:
        added, removed = BitMap.deserialize(record.added), BitMap.deserialize(record.removed)
        self._members[record.group] = (self._members.get(record.group, _NOBODY) | added) - removed
        if record.group == ALL_SYSTEMS_IDX and removed:
            self.triggered.clear(removed)
            self.heard.forget(removed)
        if record.group == RETIRED_IDX:
            self.heard.forget(added)  # the next report, not an earlier one, brings it back
        self._forget_members()

    def _forget_members(self) -> None:
        self._reporting.clear()
        self._allowed.clear()
        self.senders.clear()
