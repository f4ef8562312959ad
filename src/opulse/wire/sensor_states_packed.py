"""The packed column form of a batch (``docs/reference/sensor-states.md``): MessagePack around columns of numbers.

Every name stands once in a dictionary (``systems``, ``sensors``, ``instances``); a line is a place in each of them. A gateway in
any language writes it with four arrays; we read 100,000 lines without looking at one.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from typing import Annotated, Final
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Meta

from opulse.wire.errors import UnreadableBody
from opulse.wire.sensor_states import (
    MAX_HEARTBEATS,
    MAX_INSTANCE,
    MAX_NAME,
    BatchName,
    RefusalReason,
    RefusedLine,
    SequenceNumber,
    refuse_unstorable,
)

MEDIA_TYPE: Final = "application/vnd.opulse.sensor-states+msgpack"
MAX_LINES: Final = 100_000
GUID_BYTES: Final = 16
NONE: Final = 0xFFFFFFFF
"""In ``lines.system``: the sender's own system; in ``lines.instance``: no instance."""


class PackedLines(msgspec.Struct, frozen=True):
    """One line per byte of ``triggered``. The others hold a little-endian unsigned 32-bit place per line; an empty ``system`` or
    ``instance`` means ``NONE`` throughout."""

    sensor: bytes = b""
    triggered: bytes = b""
    system: bytes = b""
    instance: bytes = b""


class PackedBatch(msgspec.Struct, frozen=True):
    """A batch; ``batch``, ``seq``, ``full`` as in :class:`~opulse.wire.sensor_states.StateBatch`."""

    batch: BatchName
    seq: SequenceNumber
    full: bool = False
    systems: bytes = b""
    """GUIDs, 16 bytes each in the order of their hexadecimal digits."""
    sensors: Annotated[list[str], Meta(max_length=MAX_LINES)] = []
    instances: Annotated[list[str], Meta(max_length=MAX_LINES)] = []
    lines: PackedLines = PackedLines()
    heartbeat: bytes = b""
    """Places in ``systems``, as in a column."""


class PackedRead(msgspec.Struct, frozen=True):
    """A batch whose lines all point into its dictionaries. ``positions`` as in :class:`~opulse.wire.sensor_states.BatchRead`.

    ``NONE`` has become the place behind the last: ``system`` counts up to ``len(systems) // 16``, ``instance`` up to
    ``len(instances)``, both inclusive.
    """

    batch: PackedBatch
    system: array[int]
    sensor: array[int]
    instance: array[int]
    triggered: bytes
    heartbeat: array[int]
    refused: list[RefusedLine]
    positions: list[int] | None


_DECODER: Final = msgspec.msgpack.Decoder(PackedBatch)
_ENCODER: Final = msgspec.msgpack.Encoder()


def decode_packed(body: bytes) -> PackedRead:
    """Read a packed batch; lines that point nowhere are refused by their index.

    Raises ``UnreadableBody`` when the body is no MessagePack of this form, a column has another length than ``triggered``, or
    there are too many lines.
    """
    try:
        batch = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBody(f"the packed batch is not of the agreed form: {error}") from error
    refuse_unstorable(batch.batch)
    count = len(batch.lines.triggered)
    if count > MAX_LINES:
        raise UnreadableBody(f"a packed batch holds at most {MAX_LINES} lines")
    if len(batch.systems) % GUID_BYTES:
        raise UnreadableBody(f"systems holds GUIDs of {GUID_BYTES} bytes each")
    known, named = len(batch.systems) // GUID_BYTES, len(batch.instances)
    heartbeat = _column("heartbeat", batch.heartbeat, len(batch.heartbeat) // 4)
    if len(heartbeat) > MAX_HEARTBEATS or _largest(heartbeat) >= known:
        raise UnreadableBody(f"heartbeat names at most {MAX_HEARTBEATS} places in systems")
    read = PackedRead(
        batch,
        _behind_last(_column("lines.system", batch.lines.system, count, NONE), known),
        _column("lines.sensor", batch.lines.sensor, count),
        _behind_last(_column("lines.instance", batch.lines.instance, count, NONE), named),
        batch.lines.triggered,
        heartbeat,
        [],
        None,
    )
    return read if _is_sound(read, known, named) else _without_malformed(read, known, named)


def encode_packed(batch: PackedBatch) -> bytes:
    return _ENCODER.encode(batch)


def column(places: Iterable[int]) -> bytes:
    """Numbers as they stand in a packed batch."""
    numbers = array("I", places)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def pack_guids(guids: Iterable[str]) -> bytes:
    """GUIDs as they stand in ``systems``."""
    return b"".join(UUID(guid).bytes for guid in guids)


def unpack_guid(systems: bytes, place: int) -> str:
    """The GUID at ``place``, in lower case."""
    text = systems[GUID_BYTES * place : GUID_BYTES * (place + 1)].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _column(name: str, stored: bytes, count: int, default: int | None = None) -> array[int]:
    if not stored and default is not None:
        return array("I", [default]) * count
    if len(stored) != 4 * count:
        raise UnreadableBody(f"{name} holds 4 bytes for each line")
    numbers = array("I")
    numbers.frombytes(stored)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _behind_last(places: array[int], last: int) -> array[int]:
    if _largest(places) == NONE:
        seen = np.frombuffer(places, np.uint32)
        seen[seen == NONE] = last  # the array's own memory
    return places


def _largest(places: array[int]) -> int:
    return int(np.frombuffer(places, np.uint32).max()) if places else -1


def _is_sound(read: PackedRead, known: int, named: int) -> bool:
    sensors, instances = read.batch.sensors, read.batch.instances
    return (
        not read.triggered.translate(None, b"\0\1")
        and _largest(read.system) <= known
        and _largest(read.sensor) < len(sensors)
        and _largest(read.instance) <= named
        and all(0 < len(name) <= MAX_NAME for name in sensors)
        and all(0 < len(name) <= MAX_INSTANCE for name in instances)
        # a place that was written as the one behind the last is not NONE
        and not (read.batch.lines.system and _names(read.batch.lines.system, known))
        and not (read.batch.lines.instance and _names(read.batch.lines.instance, named))
    )


def _names(stored: bytes, place: int) -> bool:
    return bool((np.frombuffer(stored, "<u4") == place).any())


def _without_malformed(read: PackedRead, known: int, named: int) -> PackedRead:
    """Line by line, once something is wrong: which lines are it."""
    batch = read.batch
    bad_sensors = {place for place, name in enumerate(batch.sensors) if not 0 < len(name) <= MAX_NAME}
    bad_instances = {place for place, name in enumerate(batch.instances) if not 0 < len(name) <= MAX_INSTANCE}
    count = len(read.triggered)
    system = _column("", batch.lines.system, count, NONE)
    instance = _column("", batch.lines.instance, count, NONE)
    good: list[int] = []
    refused: list[RefusedLine] = []
    for index, line in enumerate(zip(system, read.sensor, instance, read.triggered, strict=True)):
        wrong = (
            ("system", line[0] >= known and line[0] != NONE),
            ("sensor", line[1] >= len(batch.sensors) or line[1] in bad_sensors),
            ("instance", (line[2] >= named and line[2] != NONE) or line[2] in bad_instances),
            ("triggered", line[3] > 1),
        )
        culprit = next((name for name, is_wrong in wrong if is_wrong), None)
        if culprit is None:
            good.append(index)
        else:
            detail = f"{culprit} points to nothing of the agreed form"
            refused.append(RefusedLine(index, RefusalReason.MALFORMED, detail))
    return PackedRead(
        batch,
        array("I", map(read.system.__getitem__, good)),
        array("I", map(read.sensor.__getitem__, good)),
        array("I", map(read.instance.__getitem__, good)),
        bytes(map(read.triggered.__getitem__, good)),
        read.heartbeat,
        refused,
        good,
    )
