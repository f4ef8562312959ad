"""The bits against a plain set of triples, and what a picker is shown."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from opulse.monitoring.sensors.flow.triggered import MOST_INSTANCES, Triggered
from opulse.monitoring.sensors.rules.lines import Lines
from opulse.monitoring.sensors.rules.packing import Change

sensors = st.integers(1, 3)
instances = st.sampled_from(["", "a.exe", "A.EXE", "b"])
systems = st.frozensets(st.integers(0, 5), max_size=4)
steps = st.lists(
    st.tuples(st.sampled_from(["on", "off", "lines on", "lines off", "clear"]), sensors, instances, systems),
    max_size=30,
)


@given(steps)
def test_bits_are_the_set_that_was_told(told: list[tuple[str, int, str, frozenset[int]]]) -> None:
    bits, plain = Triggered(), set[tuple[int, str, int]]()
    for what, sensor, instance, hit in told:
        triples = {(sensor, instance.casefold(), system) for system in hit}
        if what == "clear":
            touched = {sensor for sensor, _, system in plain if system in hit}
            plain = {triple for triple in plain if triple[2] not in hit}
            assert bits.clear(BitMap(hit)) == touched
        else:
            triggered = what.endswith("on")
            if what.startswith("lines"):
                column = np.array(sorted(hit), np.uint32)
                lines = Lines(
                    [(sensor, instance)], [len(hit)], column, np.full(len(hit), triggered, np.uint8)
                )
                bits.take(lines)
            else:
                bits.apply(Change(sensor, instance, triggered, BitMap(hit)))
            plain = plain | triples if triggered else plain - triples
    copy = Triggered()
    copy.restore(bits.dump())
    for held in (bits, copy):
        for sensor in (1, 2, 3, 4):
            assert set(held.systems(sensor, None)) == {system for s, _, system in plain if s == sensor}
            for instance in ("", "a.EXE", "b", "unheard of"):
                wanted = {system for s, i, system in plain if (s, i) == (sensor, instance.casefold())}
                assert set(held.systems(sensor, instance)) == wanted


def test_idle_instances_go_when_there_are_too_many_and_triggered_ones_stay() -> None:
    bits = Triggered()
    bits.apply(Change(1, "kept.exe", True, BitMap([7])))
    for number in range(MOST_INSTANCES + 1):
        bits.apply(Change(1, f"{number}.exe", True, BitMap([number])))
        bits.apply(Change(1, f"{number}.exe", False, BitMap([number])))
    assert len(list(bits.instances(1))) <= MOST_INSTANCES
    assert bits.systems(1, "KEPT.exe") == BitMap([7])
    assert bits.systems(1, None) == BitMap([7])
