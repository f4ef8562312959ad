"""Which lines of a batch are taken: the pure decision and its packing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from opulse.monitoring.sensors.models import Sensor, SensorOrigin
from opulse.monitoring.sensors.rules.batch import Decided, Sender, decide_batch, guids_in
from opulse.monitoring.sensors.rules.packing import list_changes, pack, unpack
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


def decide(batch: StateBatch, sender: Sender | None = None, seqs: dict[int, int] | None = None) -> Decided:
    last = seqs or {}
    read = BatchRead(batch, [], None)
    return decide_batch(read, sender or Sender(), SYSTEMS, SENSORS, lambda idx: last.get(idx, 0))


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
    assert decided.changes == {(10, 2, "excel.exe"): False, (11, 1, ""): True}
    assert (decided.accepted, decided.spellings["excel.exe"]) == (5, "EXCEL.EXE")


def test_refusals_keep_the_index_that_the_sender_counted() -> None:
    malformed = RefusedLine(1, RefusalReason.MALFORMED, "why")
    batch = StateBatch("b", 1, [line("aa"), line("zz"), line("aa", "Nothing")])
    decided = decide_batch(
        BatchRead(batch, [malformed], [0, 2, 3]), Sender(), SYSTEMS, SENSORS, lambda idx: 0
    )
    assert [(refused.index, refused.reason) for refused in decided.answer.refused] == [
        (1, RefusalReason.MALFORMED),
        (2, RefusalReason.UNKNOWN_SYSTEM),
        (3, RefusalReason.UNKNOWN_SENSOR),
    ]


def test_an_agents_lines_without_a_system_are_its_own() -> None:
    agent = Sender(10, "aa", BitMap([10]))
    decided = decide(StateBatch("b", 5, [line(None), line("bb")]), agent, {10: 5})
    assert decided.changes == {(10, 1, ""): True}
    assert [refused.reason for refused in decided.refused] == [RefusalReason.NOT_YOURS]
    late = decide(StateBatch("b", 5, [line(None)]), agent, {10: 6}).answer
    assert [(one.system, one.reason) for one in late.ignored] == [("aa", IgnoreReason.OLD_SEQ)]
    assert late.accepted == 0


def test_a_heartbeat_for_others_is_passed_over() -> None:
    batch = StateBatch("b", 1, [], heartbeat=["aa", "BB", "nobody"])
    assert guids_in(batch) == {"aa", "bb", "nobody"}
    assert decide(batch, Sender(allowed=BitMap([11]))).named == BitMap([11])
    assert decide(batch).named == BitMap([10, 11])


def test_a_key_that_speaks_for_nobody_changes_nothing() -> None:
    decided = decide(StateBatch("b", 1, [line("aa"), line(None)]), Sender(allowed=BitMap()))
    assert not decided.named
    assert [refused.reason for refused in decided.refused] == [
        RefusalReason.NOT_YOURS,
        RefusalReason.UNKNOWN_SYSTEM,
    ]


keys = st.tuples(
    st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.sampled_from(["", "ß", "straße.exe", "b"])
)


@given(st.dictionaries(keys, st.booleans()), st.integers(0, 2**63 - 1), st.booleans())
def test_packing_keeps_every_change(changes: dict[tuple[int, int, str], bool], seq: int, full: bool) -> None:
    named = BitMap(system for system, _, _ in changes)
    spellings = {name: name.upper() for _, _, name in changes}
    record = unpack(pack(seq, full, named, changes, spellings))
    assert (record.seq, record.full, BitMap.deserialize(record.named)) == (seq, full, named)
    found = {
        (system, change.sensor, change.instance): change.triggered
        for change in list_changes(record)
        for system in change.systems
    }
    assert found == {(system, sensor, spellings[name]): on for (system, sensor, name), on in changes.items()}


def test_ten_thousand_changes_are_small() -> None:
    changes = {(system, 2, "msedge.exe"): True for system in range(10_000)}
    packed = pack(1, False, BitMap(range(10_000)), changes, {"msedge.exe": "msedge.exe"})
    assert len(packed) < 131_000
