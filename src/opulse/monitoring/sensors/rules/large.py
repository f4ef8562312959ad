"""The usual large batch, of which every line is taken, judged without a loop over its lines. Pure.

Where one line is refused or a system is passed over, the whole batch is judged by :mod:`batch`, which can say which and why.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyroaring import BitMap

from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sensors.rules.columns import Columns
from opulse.monitoring.sensors.rules.lines import Head, Lines, Numbers, as_bitmap

LARGE = 64
"""Lines from which on arrays are faster than dictionaries."""


def find_named(columns: Columns, systems: Numbers) -> BitMap | None:
    """The systems that the batch speaks for; None when one of them is unknown.

    Args:
        systems: the index of each of ``columns.systems``, then the sender's own; 0 for nobody.
    """
    used = np.zeros(len(systems), bool)
    used[as_places(columns.system)] = True
    if columns.heartbeat:
        used[as_places(columns.heartbeat)] = True
    numbers = systems[used]
    return as_bitmap(numbers) if numbers.all() else None


def lay_out(columns: Columns, systems: Numbers, picked: Sequence[Sensor | None]) -> Lines | None:
    """The lines, those of one sensor and instance together; None when one of them is refused, or when two spellings are one
    instance and the order of their lines matters."""
    if _has_synonyms(columns):
        return None
    width = len(columns.instances)
    pairs = as_places(columns.sensor).astype(np.uint64) * np.uint64(width) + as_places(columns.instance)
    if len(picked) * width <= 1 << 16:
        pairs = pairs.astype(np.uint16)  # which are sorted without comparing
    order = np.argsort(pairs, kind="stable")
    pairs = pairs[order]
    edges = np.concatenate(([0], np.flatnonzero(pairs[1:] != pairs[:-1]) + 1, [len(pairs)]))
    heads: list[Head] = []
    for pair in pairs[edges[:-1]].tolist():
        sensor, name = picked[pair // width], columns.instances[pair % width]
        if sensor is None or (name and not sensor.instanced):
            return None
        heads.append((sensor.idx, name))
    counts = (edges[1:] - edges[:-1]).tolist()
    hit = systems[as_places(columns.system)[order]]
    return Lines(heads, counts, hit, np.frombuffer(bytes(columns.triggered), np.uint8)[order])


def _has_synonyms(columns: Columns) -> bool:
    folded = {name.casefold() for name in columns.instances}
    return len(folded) < len(columns.instances) or len(set(columns.sensors)) < len(columns.sensors)


def as_places(column: Sequence[int]) -> Numbers:
    """Places in a dictionary, as numbers of numpy's; nothing is copied where they are an array."""
    return np.asarray(column, np.uint32)
