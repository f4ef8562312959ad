"""How a batch lies in the journal: one bitmap of systems for each sensor, instance and direction; it is applied as it lies."""

from __future__ import annotations

import struct
from typing import NamedTuple

import msgspec
from pyroaring import BitMap

from opulse.monitoring.sensors.models import StatesRecord


class Change(NamedTuple):
    """Every system of a record for which one sensor and instance became (or stopped being) triggered."""

    sensor: int
    instance: str
    triggered: bool
    systems: BitMap


class States(msgspec.Struct, frozen=True):
    """A batch as it is journaled. ``named`` are the systems that it speaks for; with ``full`` their earlier bits are dropped
    first. No system stands on both sides of a sensor and instance."""

    seq: int
    full: bool
    named: BitMap
    changes: list[Change]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(StatesRecord)
_FIRST_FORM = msgspec.msgpack.Decoder(tuple[int, bool, bytes, bytes, bytes, bytes, bytes, list[str]])
"""Until November 2026: columns of systems, sensors, instances and directions, a line for each change; the names of instances."""


def pack(states: States) -> bytes:
    """The payload of a ``STATES`` record."""
    changes = [
        (sensor, instance, triggered, systems.serialize())
        for sensor, instance, triggered, systems in states.changes
    ]
    return _ENCODER.encode(StatesRecord(states.seq, states.full, states.named.serialize(), changes))


def unpack(payload: bytes) -> States:
    """The batch that :func:`pack` packed, or that lies in a journal in its first form."""
    try:
        record = _DECODER.decode(payload)
    except msgspec.ValidationError:
        return _unpack_first_form(payload)
    changes = [
        Change(sensor, instance, triggered, BitMap.deserialize(systems))
        for sensor, instance, triggered, systems in record.changes
    ]
    return States(record.seq, record.full, BitMap.deserialize(record.named), changes)


def _unpack_first_form(payload: bytes) -> States:
    seq, full, named, systems, sensors, instances, triggered, names = _FIRST_FORM.decode(payload)
    gathered: dict[tuple[int, str, bool], BitMap] = {}
    columns = zip(_numbers(sensors), _numbers(instances), triggered, _numbers(systems), strict=True)
    for sensor, instance, on, system in columns:
        gathered.setdefault((sensor, names[instance], bool(on)), BitMap()).add(system)
    changes = [Change(*key, hit) for key, hit in gathered.items()]
    return States(seq, full, BitMap.deserialize(named), changes)


def _numbers(stored: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(stored) // 4}I", stored)
