"""Who reports, who fell silent, and when each was last heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from opulse.monitoring.sensors.flow.heard import Heard
from opulse.monitoring.sensors.flow.sequences import Sequences

WINDOW = timedelta(minutes=15)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(0, 400), st.frozensets(st.integers(0, 6), max_size=3)), max_size=40))
def test_silence_is_noticed_once_and_to_a_quarter_minute(told: list[tuple[int, frozenset[int]]]) -> None:
    heard, last, now, reporting = Heard(WINDOW), dict[int, datetime](), NOON, set[int]()
    for seconds, systems in told:
        now += timedelta(seconds=seconds)
        fallen = set(heard.expire(now))
        assert fallen <= reporting
        reporting -= fallen
        assert set(heard.reporting) == reporting
        for system in reporting:
            assert now - last[system] <= WINDOW + timedelta(seconds=15)
        for system in fallen:
            assert now - last[system] > WINDOW - timedelta(seconds=15)
        assert heard.hear(BitMap(systems), now) == bool(systems - reporting)
        last |= dict.fromkeys(systems, now)
        reporting |= systems
    for system, at in last.items():
        found = heard.last(system)
        assert found is not None
        precision = timedelta(seconds=15) if system in reporting else timedelta(hours=1)
        assert timedelta() <= at - found < precision


def test_the_silent_are_remembered_for_a_week() -> None:
    heard = Heard(WINDOW)
    heard.hear(BitMap([1]), NOON)
    for day in range(1, 9):
        heard.hear(BitMap([2]), NOON + timedelta(days=day))
        heard.expire(NOON + timedelta(days=day, hours=1))
        assert heard.last(1) == (NOON if day <= 7 else None)


def test_a_snapshot_keeps_who_reports_and_when() -> None:
    heard, copy = Heard(WINDOW), Heard(WINDOW)
    heard.hear(BitMap([1, 2]), NOON)
    heard.hear(BitMap([2]), NOON + timedelta(minutes=14))
    heard.expire(NOON + timedelta(minutes=16))
    copy.restore(heard.dump())
    assert (copy.reporting, copy.last(1), copy.last(2)) == (BitMap([2]), NOON, heard.last(2))


def test_the_deleted_are_forgotten() -> None:
    heard = Heard(WINDOW)
    heard.hear(BitMap([1, 2]), NOON)
    heard.forget(BitMap([1]))
    assert (heard.reporting, heard.last(1)) == (BitMap([2]), None)


def test_sequence_numbers_only_rise() -> None:
    sequences, copy = Sequences(), Sequences()
    sequences.raise_to(BitMap([3, 5000]), 2**63 - 1)
    sequences.raise_to(BitMap([3, 4]), 7)
    sequences.raise_to(BitMap(), 9)
    assert [sequences.last(system) for system in (3, 4, 5, 5000, 10**6)] == [2**63 - 1, 7, 0, 2**63 - 1, 0]
    assert sequences.older_than(BitMap([3, 4, 5]), 7) == BitMap([3])
    copy.restore(sequences.dump())
    assert [copy.last(system) for system in (3, 4, 5000)] == [2**63 - 1, 7, 2**63 - 1]
