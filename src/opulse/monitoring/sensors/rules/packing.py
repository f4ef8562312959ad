"""How a batch lies in the journal: a small one as a bitmap of systems for each sensor, instance and direction, a large one as the
columns of its lines; both are applied as they lie."""

from __future__ import annotations

import struct
from typing import NamedTuple

import msgspec
import numpy as np
from pyroaring import BitMap

from opulse.monitoring.sensors.models import StatesRecord
from opulse.monitoring.sensors.rules.lines import Lines


class Change(NamedTuple):
    """Every system of a record for which one sensor and instance became (or stopped being) triggered."""

    sensor: int
    instance: str
    triggered: bool
    systems: BitMap


class States(msgspec.Struct, frozen=True):
    """A batch as it is journaled. ``named`` are the systems that it speaks for; with ``full`` their earlier bits are dropped
    first. No system stands on both sides of a sensor and instance of ``changes``. A large batch has ``lines`` instead."""

    seq: int
    full: bool
    named: BitMap
    changes: list[Change]
    lines: Lines | None = None


class _LinesRecord(msgspec.Struct, frozen=True, array_like=True):
    """A large batch: as :class:`Lines`, ``systems`` in two or four bytes each, little-endian, ``triggered`` a bit each."""

    seq: int
    full: bool
    named: bytes
    heads: list[tuple[int, str]]
    counts: list[int]
    systems: bytes
    triggered: bytes


_ENCODER = msgspec.msgpack.Encoder()
_LINES = b"\xc1"
"""Begins a record of lines. MessagePack never uses it, so no other record begins with it."""
_LINES_DECODER = msgspec.msgpack.Decoder(_LinesRecord)
_DECODER = msgspec.msgpack.Decoder(StatesRecord)
_FIRST_FORM = msgspec.msgpack.Decoder(tuple[int, bool, bytes, bytes, bytes, bytes, bytes, list[str]])
"""Until November 2026: columns of systems, sensors, instances and directions, a line for each change; the names of instances."""


def pack(states: States) -> bytes:
    """The payload of a ``STATES`` record."""
    if states.lines is not None:
        return _pack_lines(states, states.lines)
    changes = [
        (sensor, instance, triggered, systems.serialize())
        for sensor, instance, triggered, systems in states.changes
    ]
    return _ENCODER.encode(StatesRecord(states.seq, states.full, states.named.serialize(), changes))


def unpack(payload: bytes) -> States:
    """The batch that :func:`pack` packed, or that lies in a journal in its first form."""
    if payload.startswith(_LINES):
        return _unpack_lines(payload)
    try:
        record = _DECODER.decode(payload)
    except msgspec.ValidationError:
        return _unpack_first_form(payload)
    changes = [
        Change(sensor, instance, triggered, BitMap.deserialize(systems))
        for sensor, instance, triggered, systems in record.changes
    ]
    return States(record.seq, record.full, BitMap.deserialize(record.named), changes)


def _pack_lines(states: States, lines: Lines) -> bytes:
    is_narrow = not states.named or states.named.max() < 1 << 16
    record = _LinesRecord(
        states.seq,
        states.full,
        states.named.serialize(),
        list(lines.heads),
        list(lines.counts),
        lines.systems.astype("<u2" if is_narrow else "<u4").tobytes(),
        np.packbits(lines.triggered).tobytes(),
    )
    return _LINES + _ENCODER.encode(record)


def _unpack_lines(payload: bytes) -> States:
    record = _LINES_DECODER.decode(memoryview(payload)[len(_LINES) :])
    count = sum(record.counts)
    width = "<u2" if len(record.systems) == 2 * count else "<u4"
    systems = np.frombuffer(record.systems, width).astype(np.uint32)
    triggered = np.unpackbits(np.frombuffer(record.triggered, np.uint8), count=count)
    lines = Lines(record.heads, record.counts, systems, triggered)
    return States(record.seq, record.full, BitMap.deserialize(record.named), [], lines)


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
