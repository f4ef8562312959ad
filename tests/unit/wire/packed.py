"""The two forms of a batch, one from the other: for tests that compare them."""

from __future__ import annotations

from collections.abc import Sequence

from opulse.wire.sensor_states import StateBatch, StateChange
from opulse.wire.sensor_states_packed import (
    NONE,
    PackedBatch,
    PackedLines,
    PackedRead,
    column,
    pack_guids,
    unpack_guid,
)


def to_rows(read: PackedRead) -> StateBatch:
    """What a packed batch says, line by line."""
    batch = read.batch
    guids = [unpack_guid(batch.systems, place) for place in range(len(batch.systems) // 16)]
    changes = [
        StateChange(
            batch.sensors[sensor],
            bool(triggered),
            batch.instances[instance] if instance < len(batch.instances) else None,
            None,
            guids[system] if system < len(guids) else None,
        )
        for system, sensor, instance, triggered in zip(
            read.system, read.sensor, read.instance, read.triggered, strict=True
        )
    ]
    heartbeat = [guids[place] for place in read.heartbeat]
    return StateBatch(batch.batch, batch.seq, changes, batch.full, heartbeat or None)


def to_packed(batch: StateBatch) -> PackedBatch:
    """A batch of rows, packed as a gateway would."""
    systems = _ordered([change.system for change in batch.changes], batch.heartbeat or ())
    sensors = _ordered([change.sensor for change in batch.changes])
    instances = _ordered([change.instance for change in batch.changes])
    lines = PackedLines(
        sensor=column(sensors.index(change.sensor) for change in batch.changes),
        triggered=bytes(change.triggered for change in batch.changes),
        system=column(_place(systems, change.system) for change in batch.changes),
        instance=column(_place(instances, change.instance) for change in batch.changes),
    )
    heartbeat = column(systems.index(guid) for guid in batch.heartbeat or ())
    return PackedBatch(
        batch.batch, batch.seq, batch.full, pack_guids(systems), sensors, instances, lines, heartbeat
    )


def _ordered(*names: Sequence[str | None]) -> list[str]:
    return [name for name in dict.fromkeys(one for some in names for one in some) if name is not None]


def _place(names: Sequence[str], name: str | None) -> int:
    return NONE if name is None else names.index(name)
