"""Counts, changes and held systems as the bytes that rows of samples keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from pyroaring import BitMap

from opulse.monitoring.sensors.models import InstanceChange, Parts

_PARTS = msgspec.msgpack.Decoder(tuple[dict[int, int], dict[str, int]])
_CHANGES = msgspec.msgpack.Decoder(list[tuple[str, bytes, bytes]])
_HELD = msgspec.msgpack.Decoder(dict[str, bytes])


def pack_parts(parts: Parts) -> bytes:
    return msgspec.msgpack.encode((parts.groups, parts.instances))


def unpack_parts(packed: bytes) -> Parts:
    """No bytes are no parts."""
    return Parts(*_PARTS.decode(packed)) if packed else Parts({}, {})


def pack_changes(changes: Sequence[InstanceChange]) -> bytes:
    """No bytes when there are none."""
    lines = [(one.instance, one.on.serialize(), one.off.serialize()) for one in changes]
    return msgspec.msgpack.encode(lines) if lines else b""


def unpack_changes(packed: bytes) -> tuple[InstanceChange, ...]:
    return tuple(
        InstanceChange(name, BitMap.deserialize(on), BitMap.deserialize(off))
        for name, on, off in _CHANGES.decode(packed)
    )


def pack_held(instances: Mapping[str, BitMap]) -> bytes:
    return msgspec.msgpack.encode({name: systems.serialize() for name, systems in instances.items()})


def unpack_held(packed: bytes) -> dict[str, BitMap]:
    return {name: BitMap.deserialize(systems) for name, systems in _HELD.decode(packed).items()}
