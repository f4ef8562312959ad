"""When each system last reported: one bitmap per quarter of a minute instead of one time per system.

A million systems that report every minute are sixty bitmaps for a window of 15 minutes, some megabytes; "who reports" is their
union, and "who fell silent" is what an expiring bitmap holds and no later one does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from pyroaring import BitMap

_SLOT_SECONDS = 15
_HOUR_SECONDS = 3600
_HOURS_REMEMBERED = 7 * 24


class HeardDump(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot keeps: serialized bitmaps by slot and by hour."""

    slots: dict[int, bytes]
    silent: dict[int, bytes]


class Heard:
    """Who reported when, of one tenant."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._slots: dict[int, BitMap] = {}
        self._silent: dict[int, BitMap] = {}  # by the hour of the last report
        self.reporting = BitMap()

    def hear(self, systems: BitMap, at: datetime) -> bool:
        """Note a report; True when a system that was silent reports again."""
        slot = int(at.timestamp()) // _SLOT_SECONDS
        self._slots.setdefault(slot, BitMap()).update(systems)
        news = not systems.issubset(self.reporting)
        self.reporting.update(systems)
        return news

    def expire(self, now: datetime) -> BitMap:
        """Systems that have fallen silent since the last call: their last report is older than the window."""
        oldest = int((now - self._window).timestamp()) // _SLOT_SECONDS
        leaving = sorted(slot for slot in self._slots if slot < oldest)
        if not leaving:
            return BitMap()
        left = {slot: self._slots.pop(slot) for slot in leaving}
        before, self.reporting = self.reporting, BitMap.union(BitMap(), *self._slots.values())
        fallen = before - self.reporting
        self._remember(left, fallen)
        return fallen

    def forget(self, systems: BitMap) -> None:
        """Drop systems that were deleted."""
        for kept in (self._slots, self._silent):
            for key in kept:
                kept[key] -= systems
        self.reporting -= systems

    def last(self, system: int) -> datetime | None:
        """The system's last report: to 15 s while it reports, to the hour once it is silent; None: not within 7 days."""
        for kept, seconds in ((self._slots, _SLOT_SECONDS), (self._silent, _HOUR_SECONDS)):
            for key in sorted(kept, reverse=True):
                if system in kept[key]:
                    return datetime.fromtimestamp(key * seconds, UTC)
        return None

    def by_hour(self) -> dict[datetime, BitMap]:
        """Systems by the hour in which they were heard; one may be in several, of which the newest is its last."""
        hours: dict[int, BitMap] = {hour: systems.copy() for hour, systems in self._silent.items()}
        for slot, systems in self._slots.items():
            hours.setdefault(slot * _SLOT_SECONDS // _HOUR_SECONDS, BitMap()).update(systems)
        return {datetime.fromtimestamp(hour * _HOUR_SECONDS, UTC): systems for hour, systems in hours.items()}

    def dump(self) -> HeardDump:
        """For a snapshot."""
        return HeardDump(_serialize(self._slots), _serialize(self._silent))

    def restore(self, dump: HeardDump) -> None:
        """From a snapshot. Nobody is dropped for age: while we were down, nobody could report."""
        self._slots = _deserialize(dump.slots)
        self._silent = _deserialize(dump.silent)
        self.reporting = BitMap.union(BitMap(), *self._slots.values())

    def _remember(self, left: dict[int, BitMap], fallen: BitMap) -> None:
        for slot in sorted(left, reverse=True):
            last_here = left[slot] & fallen
            if last_here:
                hour = slot * _SLOT_SECONDS // _HOUR_SECONDS
                self._silent[hour] = self._silent.get(hour, BitMap()) | last_here
                fallen = fallen - last_here
        if self._silent:
            first = max(self._silent) - _HOURS_REMEMBERED
            self._silent = {hour: kept for hour, kept in self._silent.items() if hour >= first}


def _serialize(kept: dict[int, BitMap]) -> dict[int, bytes]:
    return {key: bitmap.serialize() for key, bitmap in kept.items()}


def _deserialize(stored: dict[int, bytes]) -> dict[int, BitMap]:
    return {key: BitMap.deserialize(bitmap) for key, bitmap in stored.items()}
