"""A batch in columns, whichever form it came in: dictionaries of names, and for each line a place in them. Pure.

Judging then asks once per name and once per combination, not once per line.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, count

import msgspec
import numpy as np

from opulse.wire.sensor_states import BatchRead, RefusedLine, StateChange
from opulse.wire.sensor_states_packed import GUID_BYTES, PackedRead, unpack_guid

Combination = tuple[int, int, int]
"""Places of a sensor and of an instance, and 1 for triggered or 0."""


class Texts(msgspec.Struct, frozen=True):
    """GUIDs as a sender wrote them."""

    guids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.guids)

    def text(self, place: int) -> str:
        return self.guids[place]


class Packed(msgspec.Struct, frozen=True):
    """GUIDs of 16 bytes, one behind the other."""

    blob: bytes

    def __len__(self) -> int:
        return len(self.blob) // GUID_BYTES

    def text(self, place: int) -> str:
        return unpack_guid(self.blob, place)


_NOBODY = Texts(())
_FIRST = (0,)


class Columns(msgspec.Struct, frozen=True):
    """One batch.

    ``system`` counts places in ``systems``, the one behind the last being the sender's own system; ``instances`` ends with the
    empty name. ``positions[i]`` is where line ``i`` stood in the body; None: at ``i``.
    """

    batch: str
    seq: int
    full: bool
    systems: Texts | Packed
    sensors: Sequence[str]
    instances: Sequence[str]
    system: Sequence[int]
    sensor: Sequence[int]
    instance: Sequence[int]
    triggered: Sequence[int]
    heartbeat: Sequence[int]
    refused: list[RefusedLine]
    positions: Sequence[int] | None

    def __len__(self) -> int:
        return len(self.triggered)

    @property
    def combinations(self) -> Iterator[Combination]:
        """What each line says of its system."""
        return zip(self.sensor, self.instance, self.triggered, strict=True)

    def position(self, line: int) -> int:
        return line if self.positions is None else self.positions[line]

    def keep(self, lines: Sequence[bool], refused: Iterable[RefusedLine]) -> Columns:
        """The lines for which ``lines`` is true; why the others went is added to ``refused``."""
        return msgspec.structs.replace(
            self,
            system=array("I", compress(self.system, lines)),
            sensor=array("I", compress(self.sensor, lines)),
            instance=array("I", compress(self.instance, lines)),
            triggered=bytes(compress(self.triggered, lines)),
            refused=[*self.refused, *refused],
            positions=list(compress(self.positions or range(len(self)), lines)),
        )


def columns_of_rows(read: BatchRead) -> Columns:
    """A batch that came line by line."""
    batch, changes = read.batch, read.batch.changes
    if len(changes) == 1 and not batch.heartbeat:
        return _columns_of_one(read, changes[0])
    named = [change.system for change in changes]
    if batch.heartbeat:
        named += batch.heartbeat
    # A name a line, as often as it stands there: to look it up takes no longer than to number it.
    if all(named):
        system, systems = array("I", range(len(named))), tuple(named)
    else:
        system, systems = _number(named)
    sensor, sensors = _number([change.sensor for change in changes])
    instance, instances = _number([change.instance for change in changes])
    return Columns(
        batch=batch.batch,
        seq=batch.seq,
        full=batch.full,
        systems=Texts(systems),  # type: ignore[arg-type]  # None is not among them
        sensors=sensors,
        instances=(*instances, ""),
        system=system[: len(changes)],
        sensor=sensor,
        instance=instance,
        triggered=bytes([change.triggered for change in changes]),
        heartbeat=system[len(changes) :],
        refused=read.refused,
        positions=read.positions,
    )


def _number(names: Iterable[str | None]) -> tuple[array[int], tuple[str, ...]]:
    """A number for each, and the names in the order of their numbers. None has the number behind the last."""
    numbers: defaultdict[str | None, int] = defaultdict(count().__next__)  # whoever is new is given the next
    column = array("I", map(numbers.__getitem__, names))
    none = numbers.pop(None, None)
    if none is not None:
        seen = np.frombuffer(column, np.uint32)  # the array's own memory
        seen[seen == none] = len(numbers) + 1
        seen[seen > none] -= 1
    return column, tuple(numbers)  # type: ignore[arg-type]  # None has just gone


def _columns_of_one(read: BatchRead, change: StateChange) -> Columns:
    """An agent's usual batch."""
    instance = change.instance
    return Columns(
        batch=read.batch.batch,
        seq=read.batch.seq,
        full=read.batch.full,
        systems=_NOBODY if change.system is None else Texts((change.system,)),
        sensors=(change.sensor,),
        instances=("",) if instance is None else (instance, ""),
        system=_FIRST,
        sensor=_FIRST,
        instance=_FIRST,
        triggered=b"\1" if change.triggered else b"\0",
        heartbeat=(),
        refused=read.refused,
        positions=read.positions,
    )


def columns_of_packed(read: PackedRead) -> Columns:
    """A batch that came in columns."""
    batch = read.batch
    return Columns(
        batch=batch.batch,
        seq=batch.seq,
        full=batch.full,
        systems=Packed(batch.systems),
        sensors=batch.sensors,
        instances=(*batch.instances, ""),
        system=read.system,
        sensor=read.sensor,
        instance=read.instance,
        triggered=read.triggered,
        heartbeat=read.heartbeat,
        refused=read.refused,
        positions=read.positions,
    )


__all__ = ["Columns", "Combination", "Packed", "Texts", "columns_of_packed", "columns_of_rows"]
