"""Which lines of a batch are taken, which are refused, and which systems are passed over. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyroaring import BitMap

from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sensors.rules.packing import Key
from opulse.wire.sensor_states import (
    BatchRead,
    IgnoredSystem,
    IgnoreReason,
    RefusalReason,
    RefusedLine,
    StateAnswer,
    StateBatch,
    StateChange,
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a key speaks for. ``own`` and ``own_guid``: an agent's system; ``allowed``: None for every system of the tenant."""

    own: int | None = None
    own_guid: str = ""
    allowed: BitMap | None = None


@dataclass(slots=True)
class Decided:
    """A batch after the decision. ``named`` are the systems that it validly speaks for; ``changes`` keeps the last word
    on each (system, sensor, casefolded instance), ``spellings`` how each instance was first written."""

    named: BitMap = field(default_factory=BitMap)
    changes: dict[Key, bool] = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)
    accepted: int = 0
    refused: list[RefusedLine] = field(default_factory=list)
    ignored: dict[int, str] = field(default_factory=dict)

    @property
    def answer(self) -> StateAnswer:
        """What the sender is told."""
        ignored = [IgnoredSystem(guid, IgnoreReason.OLD_SEQ) for guid in self.ignored.values()]
        return StateAnswer(self.accepted, sorted(self.refused, key=lambda line: line.index), ignored)


def guids_in(batch: StateBatch) -> set[str]:
    """Every system that the batch names, in lower case."""
    named = {change.system for change in batch.changes if change.system is not None}
    return {guid.lower() for guid in named.union(batch.heartbeat or ())}


def decide_batch(
    read: BatchRead,
    sender: Sender,
    systems: Mapping[str, int],
    sensors: Mapping[str, Sensor],
    last_seq: Callable[[int], int],
) -> Decided:
    """Take what can be taken.

    Args:
        systems: lower-case GUID → index, of the living systems that the batch names.
        sensors: the tenant's sensors by name.
        last_seq: the largest sequence number that a system has sent so far (0: none).
    """
    batch = read.batch
    decided = Decided(refused=list(read.refused))
    if sender.own is not None:
        _name(decided, sender.own, sender.own_guid, batch.seq, last_seq)
    for guid in batch.heartbeat or ():
        idx = systems.get(guid.lower())
        if idx is not None and _speaks_for(sender, idx):
            _name(decided, idx, guid, batch.seq, last_seq)
    # A loop over the lines of machines, not over people: each line is its own fact and must be answered by its index.
    for number, change in enumerate(batch.changes):
        verdict = _resolve(change, sender, systems, sensors)
        if isinstance(verdict, RefusalReason):
            position = number if read.positions is None else read.positions[number]
            decided.refused.append(RefusedLine(position, verdict, _SENTENCES[verdict]))
            continue
        idx, sensor = verdict
        if _name(decided, idx, change.system or sender.own_guid, batch.seq, last_seq):
            instance = change.instance or ""
            folded = instance.casefold()
            decided.spellings.setdefault(folded, instance)
            decided.changes[(idx, sensor.idx, folded)] = change.triggered
            decided.accepted += 1
    return decided


_SENTENCES = {
    RefusalReason.UNKNOWN_SYSTEM: "no such system here; register it first, or name it in the line",
    RefusalReason.UNKNOWN_SENSOR: "no such sensor in this tenant's catalogue",
    RefusalReason.NOT_YOURS: "this key does not speak for that system",
    RefusalReason.NO_INSTANCES: "this sensor has no instances",
}


def _resolve(
    change: StateChange, sender: Sender, systems: Mapping[str, int], sensors: Mapping[str, Sensor]
) -> tuple[int, Sensor] | RefusalReason:
    idx = sender.own if change.system is None else systems.get(change.system.lower())
    if idx is None:
        return RefusalReason.UNKNOWN_SYSTEM
    if not _speaks_for(sender, idx):
        return RefusalReason.NOT_YOURS
    sensor = sensors.get(change.sensor)
    if sensor is None:
        return RefusalReason.UNKNOWN_SENSOR
    if change.instance and not sensor.instanced:
        return RefusalReason.NO_INSTANCES
    return idx, sensor


def _speaks_for(sender: Sender, idx: int) -> bool:
    return sender.allowed is None or idx in sender.allowed


def _name(decided: Decided, idx: int, guid: str, seq: int, last_seq: Callable[[int], int]) -> bool:
    """Note that the batch speaks for the system; False when it is older than what the system has said already."""
    if idx in decided.named:
        return True
    if last_seq(idx) > seq:
        decided.ignored[idx] = guid
        return False
    decided.named.add(idx)
    return True
