"""Large batches in arrays: judged as a small one is, packed without loss, and in the bits what a plain dictionary holds."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from opulse.monitoring.sensors.flow.triggered import Triggered
from opulse.monitoring.sensors.rules import batch as judging
from opulse.monitoring.sensors.rules.batch import Decided, Sender
from opulse.monitoring.sensors.rules.lines import Lines, settle
from opulse.monitoring.sensors.rules.packing import States, pack, unpack
from opulse.wire.sensor_states import StateBatch, StateChange
from tests.unit.monitoring.sensors.test_batch import decide

Line = tuple[int, str, int, bool]
"""Sensor, instance, system, triggered."""

NAMES = ["", "a.exe", "A.EXE", "b"]
sent = st.lists(
    st.builds(
        StateChange,
        st.sampled_from(["Plain", "Instanced", "Nothing"]),
        st.booleans(),
        st.sampled_from([None, "a.exe", "A.EXE", "b"]),
        st.none(),
        st.sampled_from(["aa", "AA", "bb", "cc", "zz", None]),
    ),
    max_size=12,
)
senders = st.sampled_from([Sender(), Sender(10, "aa", BitMap([10])), Sender(allowed=BitMap([10, 11]))])


def lines_of(told: list[Line], names: list[str]) -> Lines:
    """As a batch lays them out: the lines of one sensor and instance together, in the order in which they were sent."""
    heads = list(dict.fromkeys((sensor, name) for sensor, name, _, _ in told if name in names))
    under = {head: [line for line in told if line[:2] == head] for head in heads}
    flat = [line for head in heads for line in under[head]]
    return Lines(
        heads,
        [len(under[head]) for head in heads],
        np.array([line[2] for line in flat], np.uint32),
        np.array([line[3] for line in flat], np.uint8),
    )


def held(states: States) -> set[tuple[int, str, int]]:
    bits = Triggered()
    for change in states.changes:
        bits.apply(change)
    if states.lines is not None:
        bits.take(states.lines)
    return everything(bits)


def everything(bits: Triggered) -> set[tuple[int, str, int]]:
    return {
        (sensor, instance.name.casefold(), system)
        for sensor in (1, 2)
        for instance in bits.instances(sensor)
        for system in instance.systems
    }


@given(sent, senders, st.sampled_from([{}, {10: 7}, {11: 7, 12: 9}]), st.lists(st.sampled_from(["bb", "zz"])))
def test_a_large_batch_is_judged_as_a_small_one_is(
    changes: list[StateChange], sender: Sender, seqs: dict[int, int], heartbeat: list[str]
) -> None:
    def decided(large: int) -> Decided:
        with patch.object(judging, "LARGE", large):
            return decide(StateBatch("b", 6, changes, heartbeat=heartbeat), sender, seqs)

    by_arrays, line_by_line = decided(1), decided(1_000)
    assert by_arrays.answer == line_by_line.answer
    assert by_arrays.states.named == line_by_line.states.named
    assert held(by_arrays.states) == held(line_by_line.states)


def test_a_batch_that_is_taken_whole_is_in_arrays() -> None:
    with patch.object(judging, "LARGE", 1):
        taken = decide(StateBatch("b", 1, [StateChange("Plain", True, system=guid) for guid in ("aa", "bb")]))
    assert taken.states.lines is not None
    assert taken.states.lines.sensors == {1}
    assert taken.states.lines.systems.tolist() == [10, 11]


told = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from(NAMES), st.sampled_from([3, 5, 70_000]), st.booleans()),
    max_size=10,
)


@pytest.mark.parametrize("shift", [0, 1 << 24], ids=["usual", "more systems than a line has bits for"])
@given(batches=st.lists(told, min_size=1, max_size=4))
def test_the_last_word_of_many_batches_counts(shift: int, batches: list[list[Line]]) -> None:
    plain: dict[tuple[int, str, int], bool] = {}
    laid_out = []
    for spelling in (["", "a.exe", "b"], ["A.EXE"]):
        for batch in batches:
            moved = [
                (sensor, name, system + shift, on) for sensor, name, system, on in batch if name in spelling
            ]
            laid_out.append(lines_of(moved, spelling))
            plain |= {(sensor, name.casefold(), system): on for sensor, name, system, on in moved}
    settled = list(settle(laid_out))
    on = {(one.head[0], one.head[1].casefold(), system) for one in settled for system in one.on}
    assert on == {key for key, triggered in plain.items() if triggered}
    assert sum(len(one.on) + len(one.off) for one in settled) == len(plain)


@given(told, st.booleans(), st.integers(0, 2**63 - 1))
def test_packing_keeps_every_line(lines: list[Line], full: bool, seq: int) -> None:
    laid_out = lines_of(lines, NAMES)
    read = unpack(pack(States(seq, full, BitMap(laid_out.systems.tolist()), [], laid_out)))
    assert (read.seq, read.full, read.changes) == (seq, full, [])
    assert read.lines is not None
    assert [*map(tuple, read.lines.heads)] == laid_out.heads
    assert read.lines.counts == laid_out.counts
    assert read.lines.systems.tolist() == laid_out.systems.tolist()
    assert read.lines.triggered.tolist() == laid_out.triggered.tolist()


@given(told)
def test_lines_of_systems_that_went_are_left_out(lines: list[Line]) -> None:
    laid_out = lines_of(lines, NAMES)
    left = laid_out.within(BitMap([5, 6]))
    wanted = lines_of([line for line in lines if line[2] == 5], NAMES)
    assert {head: count for head, count in zip(left.heads, left.counts, strict=True) if count} == dict(
        zip(wanted.heads, wanted.counts, strict=True)
    )
    assert left.systems.tolist() == [5] * len(wanted)
    assert sorted(left.triggered.tolist()) == sorted(wanted.triggered.tolist())


def test_ten_thousand_lines_are_small() -> None:
    systems = np.arange(10_000, dtype=np.uint32)
    lines = Lines([(2, "msedge.exe")], [10_000], systems, np.ones(10_000, np.uint8))
    assert len(pack(States(1, False, BitMap(systems.tolist()), [], lines))) < 30_000


def test_more_lines_than_may_wait_are_all_in_the_bits() -> None:
    bits = Triggered()
    many = np.arange(1, 100_001, dtype=np.uint32)
    for number in range(8):
        even = (many % 2 == 0).astype(np.uint8)
        bits.take(Lines([(1, "")], [100_000], many, even if number % 2 else np.ones(100_000, np.uint8)))
    assert len(bits.systems(1, None)) == 50_000
