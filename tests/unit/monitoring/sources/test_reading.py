"""What adapters read of the documented forms, and of forms that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opulse.monitoring.sources.alertmanager.models import AlertmanagerSettings
from opulse.monitoring.sources.cloudevents.models import MappingSettings
from opulse.monitoring.sources.fleet.models import FleetSettings
from opulse.monitoring.sources.models import Delivery, LeftReason, Reading, SourceKind
from opulse.monitoring.sources.registry import ADAPTERS
from opulse.monitoring.sources.rules import bounded, host_of, severities_of
from opulse.wire.errors import UnreadableBody
from tests.unit.monitoring.sources.world import alert, failing, notice


def read(kind: str, body: Any, settings: Any = None, headers: dict[str, str] | None = None) -> Reading:
    adapter = ADAPTERS[SourceKind(kind)]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return adapter.read(settings or adapter.settings(), Delivery(content, headers or {}))


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("ws-1:9100", "ws-1"),
        ("ws-1", "ws-1"),
        (" ws-1.example.org:80 ", "ws-1.example.org"),
        ("192.0.2.1:9100", "192.0.2.1"),
        ("[2001:db8::1]:9100", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("https://ws-1:8443/path", "ws-1"),
        ("http://[bad", "http://[bad"),
        ("name with: colon", "name with: colon"),
        ("", ""),
    ],
)
def test_the_host_without_its_port(written: str, host: str) -> None:
    assert host_of(written) == host


def test_severities_are_words_with_numbers() -> None:
    assert severities_of("critical = 9, WARNING=5,") == {"critical": 9, "warning": 5}
    for wrong in ("critical", "critical=11", "critical=0", "critical=high"):
        with pytest.raises(ValueError, match="not of the form"):
            severities_of(wrong)


def test_a_long_key_is_hashed_and_a_short_one_stays() -> None:
    assert bounded("c0ffee") == "c0ffee"
    assert len(bounded("x" * 65)) == 64 != bounded("y" * 65)


@pytest.mark.parametrize("kind", [kind.value for kind in SourceKind])
def test_the_sample_of_each_adapter_is_read_whole(kind: str) -> None:
    adapter = ADAPTERS[SourceKind(kind)]
    reading = read(kind, adapter.sample.encode())
    assert [signal.system for signal in reading.signals] == ["ws-0001"]
    assert reading.signals[0].triggered
    assert reading.left == []
    assert "http://host/receive".removeprefix("http://") in adapter.snippet("http://host/receive")


def test_an_alert_as_it_is_documented() -> None:
    firing, resolved = alert("ws-1:9100", severity="CRITICAL"), alert("ws-1:9100", "resolved")
    one, other = read("alertmanager", notice(firing, resolved)).signals
    assert (one.sensor, one.system, one.severity, one.help) == ("HighLoad", "ws-1", 8, "The load is high.")
    assert one.at == datetime(2026, 11, 23, 11, 59, 0, 123457, tzinfo=UTC)  # of nine digits, six
    assert (other.triggered, other.at) == (False, datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC))


def test_the_first_label_that_an_alert_has_names_its_system() -> None:
    bare = alert("ws-1")
    del bare["labels"]["instance"]
    bare["labels"] |= {"nodename": "ws-2", "pod": "ws-3"}
    assert read("alertmanager", notice(bare)).signals[0].system == "ws-2"
    settings = AlertmanagerSettings(system_labels="pod,nodename", sensor_label="job", instance_label="pod")
    bare["labels"]["job"] = "node"
    (signal,) = read("alertmanager", notice(bare), settings).signals
    assert (signal.sensor, signal.system, signal.instance) == ("node", "ws-3", "ws-3")


def test_an_alert_without_a_fingerprint_is_known_by_its_labels() -> None:
    one, same, other = alert("a"), alert("a"), alert("a", device="sda")
    for each in (one, same, other):
        del each["fingerprint"]
    keys = [signal.key for signal in read("alertmanager", notice(one, same, other)).signals]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("kind", ["alertmanager", "fleet"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 5000, b'{"version":4}'])
def test_what_is_not_of_the_form_at_all_is_unreadable(kind: str, body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        read(kind, body)


@given(
    some.recursive(
        some.none() | some.booleans() | some.integers() | some.text(max_size=5),
        lambda inner: (
            some.lists(inner, max_size=3)
            | some.dictionaries(
                some.sampled_from(["status", "labels", "id", "hostname", "alertname"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    )
)
def test_no_item_stops_the_others(odd: Any) -> None:
    reading = read("alertmanager", notice(odd, alert("a")))
    assert "a" in [signal.system for signal in reading.signals]
    body = failing("a")
    body["hosts"].append(odd)
    assert len(read("fleet", body).signals) + len(read("fleet", body).left) == 2


def test_a_host_by_the_name_that_is_chosen() -> None:
    (signal,) = read("fleet", failing("ws-1"), FleetSettings(system_field="display_name")).signals
    assert (signal.system, signal.key) == ("ws-1-shown", "7/1")
    body = failing("")
    assert [one.reason for one in read("fleet", body).left] == [LeftReason.NO_SYSTEM]


EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "/s",
    "type": "Jam",
    "subject": "ws-1",
    "data": {"triggered": True},
}
STRUCTURED = {"content-type": "application/cloudevents+json"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"specversion": "0.3"}, "Specversion is not 1.0."),
        ({"id": ""}, "A CloudEvent needs id."),
        ({"source": None, "type": 7}, "A CloudEvent needs source, type."),
        ({"data_base64": "§"}, "Data_base64 is not Base64."),
    ],
)
def test_an_event_that_is_none_is_left(change: dict[str, Any], why: str) -> None:
    reading = read("cloudevents", EVENT | change, headers=STRUCTURED)
    assert [(one.reason, one.detail) for one in reading.left] == [(LeftReason.MALFORMED, why)]


def test_data_in_base64_is_decoded() -> None:
    event = {name: value for name, value in EVENT.items() if name != "data"}
    event |= {"data_base64": "eyJ0cmlnZ2VyZWQiOiAib24ifQ==", "datacontenttype": "application/json"}
    assert read("cloudevents", event, headers=STRUCTURED).signals[0].triggered


def test_binary_mode_takes_attributes_from_headers_and_data_from_the_body() -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "Jam%20here"}
    headers |= {"ce-subject": "ws-1:80", "content-type": "application/vnd.x+json"}
    (signal,) = read("cloudevents", {"triggered": 0}, headers=headers).signals
    assert (signal.sensor, signal.system, signal.triggered) == ("Jam here", "ws-1", False)
    settings = MappingSettings(triggered="$.data")
    plain = headers | {"content-type": "text/plain"}
    assert read("cloudevents", b"PROBLEM", settings, plain).signals[0].triggered


def test_other_encodings_of_events_are_refused() -> None:
    for kind in ("application/cloudevents+protobuf", "application/cloudevents-batch+avro"):
        with pytest.raises(UnreadableBody, match="is not understood"):
            read("cloudevents", b"x", headers={"content-type": kind})
    with pytest.raises(UnreadableBody, match="is a JSON list"):
        read("cloudevents", EVENT, headers={"content-type": "application/cloudevents-batch+json"})


@pytest.mark.parametrize(
    ("found", "triggered"),
    [
        (True, True),
        (False, False),
        ("Firing ", True),
        ("OK", False),
        (1, True),
        (0, False),
        (1.0, True),
        ("maybe", None),
        (None, None),
        ([], None),
    ],
)
def test_what_says_triggered(found: Any, triggered: bool | None) -> None:
    reading = read("cloudevents", {"type": "T", "subject": "a", "data": {"triggered": found}})
    assert [signal.triggered for signal in reading.signals] == ([] if triggered is None else [triggered])
    assert [one.reason for one in reading.left] == ([LeftReason.UNDECIDED] if triggered is None else [])


@pytest.mark.parametrize(
    ("value", "triggered"),
    [
        (90, False),
        (90.1, True),
        ("91", True),
        (10, False),
        (9, True),
        ("nan", None),
        (True, None),
        (None, None),
    ],
)
def test_a_value_is_compared_at_below_and_above_its_limits(value: Any, triggered: bool | None) -> None:
    settings = MappingSettings(sensor="Disk", system="$.h", triggered="", value="$.v", above=90, below=10)
    reading = read("cloudevents", {"h": "a", "v": value}, settings)
    assert [signal.triggered for signal in reading.signals] == ([] if triggered is None else [triggered])


def test_items_in_a_list_each_count_and_their_order_numbers_them() -> None:
    settings = MappingSettings(items="$.events", sensor="$.n", system="$.h", triggered="")
    body = [{"events": [{"n": "A", "h": "a"}, {"n": "B"}]}, {"events": 7}, {"events": [{"n": "C", "h": "c"}]}]
    reading = read("cloudevents", body, settings)
    assert [(one.index, one.sensor) for one in reading.signals] == [(0, "A"), (3, "C")]
    assert [(one.index, one.reason) for one in reading.left] == [
        (1, LeftReason.NO_SYSTEM),
        (2, LeftReason.MALFORMED),
    ]


def test_a_time_without_a_zone_is_none() -> None:
    for written, at in (
        ("2026-11-23T12:00:00+01:00", datetime(2026, 11, 23, 11, tzinfo=UTC)),
        ("2026-11-23T12:00:00", None),
        ("yesterday", None),
        (7, None),
    ):
        assert read("cloudevents", EVENT | {"time": written}, headers=STRUCTURED).signals[0].at == at


@pytest.mark.parametrize("path", ["$.*", "$..a", "$[?@.a]", "$.a[0:2]", "$.a | $.b", "$[", "$." + "a" * 300])
def test_a_path_leads_to_one_place(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|several places"):
        MappingSettings(system=path)


@pytest.mark.parametrize("path", ["$", "$.a", "$['a b'][0]", "$.a[-1].b", "ws-1"])
def test_such_paths_are_taken(path: str) -> None:
    assert MappingSettings(system=path).system == path
