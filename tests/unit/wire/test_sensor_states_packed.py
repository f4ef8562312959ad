"""The packed form of a batch: read back, and what of it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.wire import sensor_states_packed as packed
from opulse.wire.errors import UnreadableBody
from opulse.wire.sensor_states import RefusalReason, StateBatch, StateChange
from opulse.wire.sensor_states_packed import (
    NONE,
    PackedBatch,
    PackedLines,
    column,
    decode_packed,
    encode_packed,
)
from tests.unit.wire.packed import to_packed, to_rows

GUIDS = [str(UUID(int=number)) for number in (1, 2, 2**127 + 3)]
changes = st.builds(
    StateChange,
    st.sampled_from(["S", "Sensor 2"]),
    st.booleans(),
    st.sampled_from([None, "a.exe", "ß"]),
    st.none(),
    st.sampled_from([None, *GUIDS]),
)
batches = st.builds(
    StateBatch,
    st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text),
    st.integers(0, 2**63 - 1),
    st.lists(changes, max_size=20),
    st.booleans(),
    st.none() | st.lists(st.sampled_from(GUIDS), min_size=1),
)


@given(batches)
def test_packed_says_what_the_rows_say(batch: StateBatch) -> None:
    read = decode_packed(encode_packed(to_packed(batch)))
    assert to_rows(read) == batch
    assert (read.refused, read.positions) == ([], None)


def test_columns_that_say_nothing_may_be_left_out() -> None:
    lines = PackedLines(column([0, 0]), b"\1\0")
    rows = to_rows(decode_packed(encode_packed(PackedBatch("b", 1, sensors=["S"], lines=lines))))
    assert rows.changes == [StateChange("S", True), StateChange("S", False)]


@dataclass
class Frame:
    """A sound batch of five lines, to be broken."""

    systems: bytes = UUID(int=1).bytes
    sensors: tuple[str, ...] = ("S", "")
    instances: tuple[str, ...] = ("x" * 301, "y")
    sensor: bytes = column([0, 1, 2, 0, 0, 0, 0])
    triggered: bytes = b"\1\1\1\2\1\1\0"
    system: bytes = column([0, 0, 0, 0, 1, 0, NONE])
    instance: bytes = column([1, 1, 1, 1, 1, 0, NONE])
    heartbeat: bytes = b""

    def encode(self, **more: Any) -> bytes:
        lines = {
            "sensor": self.sensor,
            "triggered": self.triggered,
            "system": self.system,
            "instance": self.instance,
        }
        batch = {
            "batch": "b",
            "seq": 1,
            "systems": self.systems,
            "sensors": self.sensors,
            "instances": self.instances,
            "lines": lines,
            "heartbeat": self.heartbeat,
        }
        return msgspec.msgpack.encode(batch | more)


def test_lines_that_point_nowhere_are_refused_by_index() -> None:
    read = decode_packed(Frame().encode())
    assert {line.reason for line in read.refused} == {RefusalReason.MALFORMED}
    assert [(line.index, line.detail.split()[0]) for line in read.refused] == [
        (1, "sensor"),
        (2, "sensor"),
        (3, "triggered"),
        (4, "system"),
        (5, "instance"),
    ]
    assert read.positions == [0, 6]
    assert to_rows(read).changes == [
        StateChange("S", True, "y", None, str(UUID(int=1))),
        StateChange("S", False),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no messagepack",
        msgspec.msgpack.encode([1, 2]),
        Frame().encode(seq=-1),
        Frame().encode(batch=""),
        Frame().encode(batch="nul\0"),
        Frame(systems=b"short").encode(),
        Frame(sensor=b"\0\0\0\0").encode(),
        Frame(system=b"\0\0\0").encode(),
        Frame(heartbeat=b"\0\0\0").encode(),
        Frame(heartbeat=column([1])).encode(),
        Frame(heartbeat=column([NONE])).encode(),
    ],
)
def test_a_body_of_another_form_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        decode_packed(body)


def test_too_many_lines_are_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_LINES", 6)
    with pytest.raises(UnreadableBody, match="at most 6 lines"):
        decode_packed(Frame().encode())
