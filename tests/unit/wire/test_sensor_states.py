import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.wire import sensor_states as wire
from opulse.wire.desktop_prompts import DesktopPrompt, PromptOutcome, PromptReport
from opulse.wire.errors import UnreadableBody
from opulse.wire.sensor_states import RefusalReason, StateBatch, StateChange, decode_batch, encode_batch


def test_a_batch_there_and_back() -> None:
    at = datetime(2026, 3, 3, 16, 29, 40, tzinfo=UTC)
    batch = StateBatch(
        "b1", 7, [StateChange("Application Hang", True, "msedge.exe", at, "guid")], True, ["g1", "g2"]
    )
    read = decode_batch(encode_batch(batch))
    assert read.batch == batch
    assert (read.refused, read.positions) == ([], None)


def test_a_heartbeat_is_a_batch_without_changes() -> None:
    batch = decode_batch(b'{"batch":"b","seq":0,"changes":[]}').batch
    assert (batch.changes, batch.full, batch.heartbeat) == ([], False, None)


def test_lines_that_cannot_be_read_are_refused_by_index() -> None:
    good = {"sensor": "S", "instance": None, "triggered": False, "at": "2026-03-03T16:29:40.1234567Z"}
    lines = [
        good,
        {"sensor": "S"},
        good | {"triggered": "yes"},
        good | {"at": "2026-03-03T16:29:40"},
        7,
        good | {"x": 1},
    ]
    read = decode_batch(json.dumps({"batch": "b", "seq": 1, "changes": lines}).encode())
    assert read.positions == [0, 5]
    assert [line.index for line in read.refused] == [1, 2, 3, 4]
    assert {line.reason for line in read.refused} == {RefusalReason.MALFORMED}
    assert "triggered" in read.refused[0].detail
    assert read.batch.changes[0] == read.batch.changes[1]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"batch":"","seq":1}', b'{"batch":"b","seq":-1}', b'{"batch":"b","seq":1,"changes":{}}',
     b'{"batch":"b","seq":1,"full":"x"}', b'{"batch":"b","seq":1,"heartbeat":[1]}', b"\xff"],
)  # fmt: skip
def test_a_wrong_frame_refuses_the_whole(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        decode_batch(body)


@pytest.mark.parametrize("line", ['{"sensor":"S","triggered":true}', "7"])
def test_too_many_lines_refuse_the_whole(line: str) -> None:
    body = f'{{"batch":"b","seq":1,"changes":[{",".join([line] * (wire.MAX_CHANGES + 1))}]}}'
    with pytest.raises(UnreadableBody, match="at most"):
        decode_batch(body.encode())


_LINES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "sensor": st.text(max_size=3) | st.integers(),
            "triggered": st.booleans() | st.none(),
            "at": st.sampled_from(["2026-03-03T16:29:40Z", "x"]),
        },
    ),
    max_size=8,
)


@given(_LINES)
def test_each_line_is_taken_or_refused(lines: list[object]) -> None:
    read = decode_batch(json.dumps({"batch": "b", "seq": 1, "changes": lines}).encode())
    taken = range(len(lines)) if read.positions is None else read.positions
    assert sorted([*taken, *(line.index for line in read.refused)]) == list(range(len(lines)))
    assert len(read.batch.changes) == len(taken)


def test_what_desktops_are_offered_and_what_they_tell_there_and_back() -> None:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    prompt = DesktopPrompt("0" * 32, "maya", "Pulse", "How is it?", "Open", "https://x.example/s/t", at, at)
    told = wire.AgentAnswer(0, prompts=[prompt])
    assert wire.decode_answer(wire.encode_answer(told)) == told
    assert b"prompts" not in wire.encode_answer(wire.AgentAnswer(0)), (
        "an agent of last year reads it as before"
    )
    report = PromptReport("0" * 32, PromptOutcome.FAILED, at, "locked")
    batch = wire.StateBatch("b", 1, prompts=[report])
    assert wire.decode_batch(wire.encode_batch(batch)).batch == batch
    torn = wire.encode_batch(batch).replace(b'"changes":[]', b'"changes":[{}]')
    read = wire.decode_batch(torn)
    assert (read.batch.prompts, len(read.refused)) == ([report], 1)


def test_the_answer_there_and_back() -> None:
    answer = wire.StateAnswer(
        2,
        [wire.RefusedLine(1, RefusalReason.UNKNOWN_SENSOR, "no sensor of this name")],
        [wire.IgnoredSystem("guid", wire.IgnoreReason.OLD_SEQ)],
    )
    body = wire.encode_answer(answer)
    assert json.loads(body)["refused"] == [
        {"index": 1, "reason": "unknown_sensor", "detail": "no sensor of this name"}
    ]
    told = wire.decode_answer(body)
    assert (told.accepted, told.refused, told.ignored, told.prompts) == (
        2,
        answer.refused,
        answer.ignored,
        [],
    )
    with pytest.raises(UnreadableBody):
        wire.decode_answer(b"{}")
