"""GUID → index of a tenant's systems in 24 bytes a system, and which dictionaries of a batch were read before.

A Python dictionary of a million GUIDs is 150 MB; this table is 24 MB and answers in half a microsecond. In front of it stands a
small dictionary of the GUIDs that were asked for lately.
"""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Mapping, Sequence

from opulse.monitoring.sensors.rules.columns import Packed, Texts
from opulse.wire.sensor_states_packed import GUID_BYTES

_LATELY = 100_000
_DICTIONARY_BYTES = 8_000_000
_FILLED = 0.6
_FEW = 8
"""Names that are looked up one by one sooner than all at once."""


class GuidTable:
    """GUID of 16 bytes → index above 0. Open addressing; nothing is ever taken out, because an index is never given twice."""

    def __init__(self) -> None:
        self._guids = bytearray()
        self._slots = array("I", bytes(4 * 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def find(self, guid: bytes) -> int:
        """The index; 0 when unknown."""
        slots, guids = self._slots, self._guids
        mask = len(slots) - 1
        slot = hash(guid) & mask
        while idx := slots[slot]:
            if guids[GUID_BYTES * idx : GUID_BYTES * (idx + 1)] == guid:
                return idx
            slot = (slot + 1) & mask
        return 0

    def add(self, guid: bytes, idx: int) -> None:
        """Remember a system; one that is known stays."""
        if not guid or self.find(guid):
            return
        missing = GUID_BYTES * (idx + 1) - len(self._guids)
        if missing > 0:
            self._guids.extend(bytes(max(missing, len(self._guids) // 8)))
        self._guids[GUID_BYTES * idx : GUID_BYTES * (idx + 1)] = guid
        self._count += 1
        if self._count > _FILLED * len(self._slots):
            self._grow()
        self._put(guid, idx)

    def _put(self, guid: bytes, idx: int) -> None:
        mask = len(self._slots) - 1
        slot = hash(guid) & mask
        while self._slots[slot]:
            slot = (slot + 1) & mask
        self._slots[slot] = idx

    def _grow(self) -> None:
        known = [idx for idx in self._slots if idx]
        self._slots = array("I", bytes(8 * len(self._slots)))
        for idx in known:
            self._put(bytes(self._guids[GUID_BYTES * idx : GUID_BYTES * (idx + 1)]), idx)


class KnownSystems:
    """What was learned of one tenant's GUIDs. Whether a system lives still is for the caller to ask: tombstones stay known."""

    def __init__(self) -> None:
        self._table = GuidTable()
        self._lately: dict[str, int] = {}
        self._dictionaries: dict[bytes, Sequence[int]] = {}
        self._kept = 0  # bytes of their keys

    def find_all(self, systems: Texts | Packed) -> Sequence[int]:
        """The index of each; 0 when it was not learned."""
        if isinstance(systems, Texts):
            return self._find_texts(systems.guids)
        known = self._dictionaries.get(systems.blob)
        if known is None:
            blob = systems.blob
            guids = [blob[at : at + GUID_BYTES] for at in range(0, len(blob), GUID_BYTES)]
            known = array("I", map(self._table.find, guids))
            if 0 not in known:
                self._keep(blob, known)
        return known

    def learn(self, found: Mapping[str, int]) -> None:
        """Lower-case GUID → index, as the database says."""
        for guid, idx in found.items():
            self._table.add(read_guid(guid), idx)

    def _find_texts(self, guids: Sequence[str]) -> Sequence[int]:
        lately = self._lately
        if len(guids) > _FEW:
            with contextlib.suppress(TypeError):  # one of them is None
                return array("I", map(lately.get, guids))  # type: ignore[arg-type]
        return [lately.get(guid) or self._find(guid) for guid in guids]

    def _find(self, text: str) -> int:
        guid = read_guid(text)
        idx = self._table.find(guid) if guid else 0
        if idx:
            if len(self._lately) >= _LATELY:
                self._lately.clear()
            self._lately[text] = idx
        return idx

    def _keep(self, blob: bytes, known: Sequence[int]) -> None:
        """A gateway whose systems stay the same has its dictionary read once."""
        self._kept += len(blob)
        while self._kept > _DICTIONARY_BYTES and self._dictionaries:
            oldest = next(iter(self._dictionaries))
            del self._dictionaries[oldest]
            self._kept -= len(oldest)
        self._dictionaries[blob] = known


def read_guid(text: str) -> bytes:
    """The 16 bytes of a GUID in its usual form, in either case; empty for anything else."""
    if len(text) != 36 or text[8] + text[13] + text[18] + text[23] != "----":
        return b""
    try:
        guid = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return b""
    return guid if len(guid) == GUID_BYTES else b""
