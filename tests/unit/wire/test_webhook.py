import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opulse.wire.errors import UnreadableBody
from opulse.wire.webhook import DEFAULT_BODY, EVENT_ACTIVATED, OPERATIONAL_PULSE_BODY, parse_event

GUIDE = {
    "eventId": "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10",
    "eventTime": "2026-01-31T09:15:00.00000000Z",
    "eventType": "SensorNotification.Activated",
    "data": {
        "sensorNames": ["Application Hang", "High Retransmission Rate"],
        "systemsAtActivationURL": "https://cloud.example.test/a/systems/atactivation",
    },
}


def test_the_guides_event() -> None:
    event = parse_event(json.dumps(GUIDE).encode())
    assert event.event_id == "7f0f3c1e-2f7a-4d0b-9a41-5b8f6e2c9d10"
    assert event.event_type == EVENT_ACTIVATED
    assert event.event_time == datetime(2026, 1, 31, 9, 15, tzinfo=UTC)
    assert event.sensor_names == ("Application Hang", "High Retransmission Rate")
    assert event.systems_at_activation_url == "https://cloud.example.test/a/systems/atactivation"
    assert event.systems_currently_affected_url is None


def test_a_poor_event_is_read_as_far_as_it_goes() -> None:
    event = parse_event(
        '{"eventId":" x ","eventTime":"soon","data":{"sensorNamesUnquoted":"A, B,A,","more":{"k":[1]}}}'
    )
    assert (event.event_id, event.event_type, event.event_time) == ("x", "", None)
    assert event.sensor_names == ("A", "B")
    assert event.data["more"] == {"k": [1]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml/>",
        b"[]",
        b"null",
        b"{}",
        b'{"eventId":7}',
        b'{"eventId":" "}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        parse_event(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_data_is_survived(data: object) -> None:
    event = parse_event(json.dumps({"eventId": "x", "eventTime": data, "eventType": data, "data": data}))
    assert event.event_id == "x"
    assert len(set(event.sensor_names)) == len(event.sensor_names)


def test_the_bodies_are_the_documented_ones() -> None:
    assert OPERATIONAL_PULSE_BODY.splitlines()[5:7] == [
        '        "sensorNames": [@{sensorNames}],',
        '        "systemsAtActivationURL":"@{systemsAtActivationURL}"',
    ]
    assert DEFAULT_BODY.count("@{") == 13
