"""Which lines of a batch are taken: the pure decision and its packing."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.sensors.rules.batch import Decided, Sender, decide_batch
from opulse.monitoring.sensors.rules.columns import Texts, columns_of_rows
from opulse.monitoring.sensors.rules.packing import Change, States, pack, unpack
from opulse.wire.sensor_states import (
    BatchRead,
    IgnoreReason,
    RefusalReason,
    RefusedLine,
    StateBatch,
    StateChange,
)

PLAIN = Sensor(
    idx=1,
    guid="s1",
    name="Plain",
    category="c",
    help="",
    severity=1,
    instanced=False,
    origin=SensorOrigin.FACTORY,
    enabled=True,
    variables={},
    defaults={},
)
INSTANCED = replace(PLAIN, idx=2, name="Instanced", instanced=True)
SENSORS = {sensor.name: sensor for sensor in (PLAIN, INSTANCED)}
SYSTEMS = {"aa": 10, "bb": 11, "cc": 12}


def decide(
    batch: StateBatch | BatchRead, sender: Sender | None = None, seqs: Mapping[int, int] | None = None
) -> Decided:
    last = seqs or {}
    columns = columns_of_rows(batch if isinstance(batch, BatchRead) else BatchRead(batch, [], None))
    assert isinstance(columns.systems, Texts)
    known = [SYSTEMS.get(guid.lower(), 0) for guid in columns.systems.guids]
    return decide_batch(
        columns,
        sender or Sender(),
        known,
        SENSORS,
        lambda systems, seq: BitMap([idx for idx in systems if last.get(idx, 0) > seq]),
    )


def bits(states: States) -> dict[tuple[int, int, str], bool]:
    return {
        (system, change.sensor, change.instance): change.triggered
        for change in states.changes
        for system in change.systems
    }


def line(
    system: str | None, sensor: str = "Plain", triggered: bool = True, instance: str | None = None
) -> StateChange:
    return StateChange(sensor, triggered, instance, None, system)


def test_the_last_word_of_a_batch_counts_and_spellings_are_one_instance() -> None:
    lines = [
        line("AA", "Instanced", True, "EXCEL.EXE"),
        line("aa", "Instanced", False, "excel.exe"),
        line("bb"),
        line("bb", triggered=False),
        line("bb"),
    ]
    decided = decide(StateBatch("b", 1, lines))
    assert bits(decided.states) == {(10, 2, "EXCEL.EXE"): False, (11, 1, ""): True}
    assert decided.accepted == 5


def test_refusals_keep_the_index_that_the_sender_counted() -> None:
    malformed = RefusedLine(1, RefusalReason.MALFORMED, "why")
    batch = StateBatch("b", 1, [line("aa"), line("zz"), line("aa", "Nothing")])
    decided = decide(BatchRead(batch, [malformed], [0, 2, 3]))
    assert [(refused.index, refused.reason) for refused in decided.answer.refused] == [
        (1, RefusalReason.MALFORMED),
        (2, RefusalReason.UNKNOWN_SYSTEM),
        (3, RefusalReason.UNKNOWN_SENSOR),
    ]


def test_an_agents_lines_without_a_system_are_its_own() -> None:
    agent = Sender(10, "aa", BitMap([10]))
    decided = decide(StateBatch("b", 5, [line(None), line("bb")]), agent, {10: 5})
    assert bits(decided.states) == {(10, 1, ""): True}
    assert [refused.reason for refused in decided.refused] == [RefusalReason.NOT_YOURS]
    late = decide(StateBatch("b", 5, [line(None)]), agent, {10: 6}).answer
    assert [(one.system, one.reason) for one in late.ignored] == [("aa", IgnoreReason.OLD_SEQ)]
    assert late.accepted == 0


def test_a_heartbeat_for_others_is_passed_over() -> None:
    batch = StateBatch("b", 1, [], heartbeat=["aa", "BB", "nobody"])
    assert decide(batch, Sender(allowed=BitMap([11]))).states.named == BitMap([11])
    assert decide(batch).states.named == BitMap([10, 11])


def test_a_key_that_speaks_for_nobody_changes_nothing() -> None:
    decided = decide(StateBatch("b", 1, [line("aa"), line(None)]), Sender(allowed=BitMap()))
    assert not decided.states.named
    assert [refused.reason for refused in decided.refused] == [
        RefusalReason.NOT_YOURS,
        RefusalReason.UNKNOWN_SYSTEM,
    ]


def test_a_system_of_refused_lines_alone_has_not_reported() -> None:
    decided = decide(StateBatch("b", 1, [line("aa", "Nothing"), line("bb", instance="x"), line("cc")]))
    assert decided.states.named == BitMap([12])
    assert [refused.reason for refused in decided.refused] == [
        RefusalReason.UNKNOWN_SENSOR,
        RefusalReason.NO_INSTANCES,
    ]


def test_of_old_and_new_systems_the_new_are_taken() -> None:
    lines = [line("aa"), line("BB"), line("bb", "Instanced", True, "x"), line("cc")]
    decided = decide(StateBatch("b", 4, lines), seqs={11: 5, 12: 4})
    assert bits(decided.states) == {(10, 1, ""): True, (12, 1, ""): True}
    assert (decided.accepted, decided.ignored, decided.states.named) == (2, ["BB"], BitMap([10, 12]))


lines = st.builds(
    line,
    st.sampled_from(["aa", "AA", "bb", "cc", "zz", None]),
    st.sampled_from(["Plain", "Instanced", "Nothing"]),
    st.booleans(),
    st.sampled_from([None, "x.exe", "X.EXE", "y"]),
)


@given(
    st.lists(lines, max_size=12),
    st.sampled_from([Sender(), Sender(10, "aa", BitMap([10])), Sender(allowed=BitMap([11, 12]))]),
    st.dictionaries(st.sampled_from([10, 11, 12]), st.integers(0, 9)),
)
def test_columns_decide_as_a_reader_of_single_lines_would(
    told: list[StateChange], sender: Sender, seqs: dict[int, int]
) -> None:
    expected: dict[tuple[int, int, str], bool] = {}
    refused: list[tuple[int, RefusalReason]] = []
    accepted = 0
    named = {sender.own} if sender.own is not None else set[int]()
    for index, one in enumerate(told):
        idx = sender.own if one.system is None else SYSTEMS.get(one.system.lower())
        sensor = SENSORS.get(one.sensor)
        if idx is None:
            refused.append((index, RefusalReason.UNKNOWN_SYSTEM))
        elif sender.allowed is not None and idx not in sender.allowed:
            refused.append((index, RefusalReason.NOT_YOURS))
        elif sensor is None:
            refused.append((index, RefusalReason.UNKNOWN_SENSOR))
        elif one.instance and not sensor.instanced:
            refused.append((index, RefusalReason.NO_INSTANCES))
        else:
            named.add(idx)
            if seqs.get(idx, 0) <= 5:
                accepted += 1
                expected[idx, sensor.idx, (one.instance or "").casefold()] = one.triggered
    decided = decide(StateBatch("b", 5, told), sender, seqs)
    found = {(idx, sensor, name.casefold()): on for (idx, sensor, name), on in bits(decided.states).items()}
    assert found == expected
    assert [(one.index, one.reason) for one in decided.answer.refused] == refused
    assert decided.accepted == accepted
    assert set(decided.states.named) == {idx for idx in named if seqs.get(idx, 0) <= 5}
    assert len(decided.ignored) == len([idx for idx in named if seqs.get(idx, 0) > 5])


changes = st.builds(
    Change,
    st.integers(0, 2**32 - 1),
    st.sampled_from(["", "ß", "straße.exe", "b"]),
    st.booleans(),
    st.builds(BitMap, st.lists(st.integers(0, 2**32 - 1), min_size=1)),
)


@given(st.lists(changes), st.integers(0, 2**63 - 1), st.booleans())
def test_packing_keeps_every_change(told: list[Change], seq: int, full: bool) -> None:
    named = BitMap().union(BitMap(), *(change.systems for change in told))
    states = States(seq, full, named, told)
    assert unpack(pack(states)) == states


def test_ten_thousand_changes_are_small() -> None:
    systems = BitMap(range(10_000))
    packed = pack(States(1, False, systems, [Change(2, "msedge.exe", True, systems)]))
    assert len(packed) < 20_000


def test_a_record_of_the_journals_first_form_is_read() -> None:
    """What an installation journaled before it was upgraded, and then was killed."""
    column = struct.Struct("<3I").pack
    named = BitMap([7, 8]).serialize()
    record = (5, True, named, column(7, 8, 7), column(1, 1, 2), column(0, 0, 1), b"\1\1\0", ["", "Excel.exe"])
    assert unpack(msgspec.msgpack.encode(record)) == States(
        5,
        True,
        BitMap([7, 8]),
        [Change(1, "", True, BitMap([7, 8])), Change(2, "Excel.exe", False, BitMap([7]))],
    )
