"""Which lines of a batch are taken, which are refused, and which systems are passed over. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from pyroaring import BitMap

from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sensors.rules.columns import Columns, Combination
from opulse.monitoring.sensors.rules.large import LARGE, as_places, find_named, lay_out
from opulse.monitoring.sensors.rules.packing import Change, States
from opulse.wire.sensor_states import IgnoredSystem, IgnoreReason, RefusalReason, RefusedLine, StateAnswer

Older = Callable[[BitMap, int], BitMap]
"""``older(systems, seq)``: those of them that have sent a larger number."""


class Sender(msgspec.Struct, frozen=True):
    """Whom a key speaks for. ``own`` and ``own_guid``: an agent's system; ``allowed``: None for every system of the tenant."""

    own: int | None = None
    own_guid: str = ""
    allowed: BitMap | None = None


class Decided(msgspec.Struct, frozen=True):
    """A decided batch. ``states`` keeps the last word on each system, sensor and instance; ``accepted`` counts lines."""

    states: States
    accepted: int
    refused: list[RefusedLine] = []
    ignored: list[str] = []

    @property
    def answer(self) -> StateAnswer:
        """What the sender is told."""
        ignored = [IgnoredSystem(guid, IgnoreReason.OLD_SEQ) for guid in self.ignored]
        return StateAnswer(self.accepted, sorted(self.refused, key=lambda line: line.index), ignored)


def decide_batch(
    columns: Columns, sender: Sender, known: Sequence[int], sensors: Mapping[str, Sensor], older: Older
) -> Decided:
    """Take what can be taken.

    Args:
        known: the index of each of ``columns.systems``; 0 for what is no living system here.
        sensors: the tenant's sensors by name.
    """
    picked = [sensors.get(name) for name in columns.sensors]
    if len(columns) >= LARGE and (states := _take_whole(columns, sender, known, picked, older)) is not None:
        return Decided(states, len(columns), columns.refused)
    systems = [*known, sender.own or 0]
    strangers = _find_strangers(sender, systems)
    gathered = _gather(columns, systems)
    unfit = _find_unfit(gathered, columns, picked)
    if unfit or (strangers and not strangers.keys().isdisjoint(columns.system)):
        columns = _without_refused(columns, strangers, unfit)
        gathered = _gather(columns, systems)
    vouched = [place for place in columns.heartbeat if place not in strangers]
    named = BitMap([systems[place] for place in {*columns.system, *vouched}])
    if sender.own is not None:
        named.add(sender.own)
    late = older(named, columns.seq)
    ignored: list[str] = []
    accepted = len(columns)
    if late:
        named -= late
        accepted -= sum(systems[place] in late for place in columns.system)
        ignored = _name_ignored(columns, sender, systems, vouched, late)
    changes = _changes(columns, systems, gathered, picked, late)
    return Decided(States(columns.seq, columns.full, named, changes), accepted, columns.refused, ignored)


def _take_whole(
    columns: Columns, sender: Sender, known: Sequence[int], picked: Sequence[Sensor | None], older: Older
) -> States | None:
    """A batch of which every line is taken; None when that is not so."""
    systems = np.append(as_places(known), np.uint32(sender.own or 0))
    named = find_named(columns, systems)
    if named is None or not (sender.allowed is None or named.issubset(sender.allowed)):
        return None
    if sender.own is not None:
        named.add(sender.own)
    lines = None if older(named, columns.seq) else lay_out(columns, systems, picked)
    return None if lines is None else States(columns.seq, columns.full, named, [], lines)


_SENTENCES = {
    RefusalReason.UNKNOWN_SYSTEM: "no such system here; register it first, or name it in the line",
    RefusalReason.UNKNOWN_SENSOR: "no such sensor in this tenant's catalogue",
    RefusalReason.NOT_YOURS: "this key does not speak for that system",
    RefusalReason.NO_INSTANCES: "this sensor has no instances",
}

Gathered = dict[Combination, list[int]]
"""The systems of every combination of sensor, instance and direction that the lines make."""


def _find_strangers(sender: Sender, systems: Sequence[int]) -> dict[int, RefusalReason]:
    """Places of systems that the sender cannot speak for."""
    allowed, own = sender.allowed, len(systems) - 1
    if 0 not in systems[:own] and (allowed is None or BitMap(systems[:own]).issubset(allowed)):
        return {} if sender.own is not None else {own: RefusalReason.UNKNOWN_SYSTEM}
    strangers = {}
    for place, idx in enumerate(systems):
        if idx == 0:
            strangers[place] = RefusalReason.UNKNOWN_SYSTEM
        elif allowed is not None and idx not in allowed:
            strangers[place] = RefusalReason.NOT_YOURS
    return strangers


def _gather(columns: Columns, systems: Sequence[int]) -> Gathered:
    gathered: defaultdict[Combination, list[int]] = defaultdict(list)
    # the one loop over lines: two look-ups each, nothing is decided here
    for combination, idx in zip(columns.combinations, map(systems.__getitem__, columns.system), strict=True):
        gathered[combination].append(idx)
    return gathered


def _find_unfit(
    gathered: Gathered, columns: Columns, picked: Sequence[Sensor | None]
) -> dict[Combination, RefusalReason]:
    unfit = {}
    for combination in gathered:
        sensor = picked[combination[0]]
        if sensor is None:
            unfit[combination] = RefusalReason.UNKNOWN_SENSOR
        elif columns.instances[combination[1]] and not sensor.instanced:
            unfit[combination] = RefusalReason.NO_INSTANCES
    return unfit


def _without_refused(
    columns: Columns, strangers: Mapping[int, RefusalReason], unfit: Mapping[Combination, RefusalReason]
) -> Columns:
    reasons = [
        strangers.get(place) or unfit.get(combination)
        for place, combination in zip(columns.system, columns.combinations, strict=True)
    ]
    refused = [
        RefusedLine(columns.position(line), reason, _SENTENCES[reason])
        for line, reason in enumerate(reasons)
        if reason is not None
    ]
    return columns.keep([reason is None for reason in reasons], refused)


def _name_ignored(
    columns: Columns, sender: Sender, systems: Sequence[int], vouched: Sequence[int], late: BitMap
) -> list[str]:
    """GUIDs of the systems that are passed over, in the order in which the batch names them."""
    own = len(columns.systems)
    first = [own] if sender.own is not None else []
    guids: dict[int, str] = {}
    for place in (*first, *vouched, *dict.fromkeys(columns.system)):
        if systems[place] in late:
            guid = sender.own_guid if place == own else columns.systems.text(place)
            guids.setdefault(systems[place], guid)
    return list(guids.values())


def _changes(
    columns: Columns,
    systems: Sequence[int],
    gathered: Gathered,
    picked: Sequence[Sensor | None],
    late: BitMap,
) -> list[Change]:
    if len(gathered) == 1:
        (((place, instance, triggered), systems_hit),) = gathered.items()
        return list(_change(columns, picked[place], instance, bool(triggered), BitMap(systems_hit) - late))
    on: dict[tuple[int, str], BitMap] = {}
    off: dict[tuple[int, str], BitMap] = {}
    spelled: dict[tuple[int, str], str] = {}
    for (place, instance, triggered), hit in gathered.items():
        sensor, name = picked[place], columns.instances[instance]
        assert sensor is not None, "lines of unknown sensors were refused"
        key = (sensor.idx, name.casefold())
        spelled.setdefault(key, name)
        side = on if triggered else off
        side[key] = side[key] | BitMap(hit) if key in side else BitMap(hit)
    contested = {key for key in on.keys() & off.keys() if on[key].intersect(off[key])}
    if contested:
        _settle(columns, systems, picked, contested, on, off)
    return [
        Change(key[0], spelled[key], triggered, left)
        for triggered, side in ((True, on), (False, off))
        for key, hit in side.items()
        if (left := hit - late if late else hit)
    ]


def _change(
    columns: Columns, sensor: Sensor | None, instance: int, triggered: bool, left: BitMap
) -> Iterator[Change]:
    if sensor is not None and left:
        yield Change(sensor.idx, columns.instances[instance], triggered, left)


def _settle(
    columns: Columns,
    systems: Sequence[int],
    picked: Sequence[Sensor | None],
    contested: set[tuple[int, str]],
    on: dict[tuple[int, str], BitMap],
    off: dict[tuple[int, str], BitMap],
) -> None:
    """Where a batch says both of one system, its last word counts."""
    last: dict[tuple[int, str], dict[int, int]] = {key: {} for key in contested}
    keys = {
        (place, instance): (sensor.idx, columns.instances[instance].casefold())
        for place, instance in set(zip(columns.sensor, columns.instance, strict=True))
        if (sensor := picked[place]) is not None
    }
    for (place, instance, triggered), at in zip(columns.combinations, columns.system, strict=True):
        words = last.get(keys[place, instance])
        if words is not None:
            words[systems[at]] = triggered
    for key, words in last.items():
        on[key] = BitMap([idx for idx, triggered in words.items() if triggered])
        off[key] = BitMap([idx for idx, triggered in words.items() if not triggered])
