"""What other tools send becomes sensor states: what is taken, held, cleared, left, and by whom it may be sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sources import models
from opulse.monitoring.sources.flow import receiving
from opulse.tenancy.models import KeyKind
from tests.unit.monitoring.activations.world import Wing
from tests.unit.monitoring.sensors.world import off, on
from tests.unit.monitoring.sources.world import (
    ALARM,
    add_source,
    alert,
    failing,
    hit,
    notice,
    open_sources,
    post,
    seen,
    send,
)

pytestmark = pytest.mark.stores


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_sources(db, clock) as made:
        yield made


async def test_a_firing_alert_makes_its_sensor_and_activates_and_a_resolved_one_clears_it(wing: Wing) -> None:
    await wing.put("a", "b")
    source = await add_source(wing)
    taken = await send(wing, source, notice(alert("a:9100", severity="critical")))
    assert taken == {"taken": 1, "changed": 1, "sensors_made": [ALARM], "left": [], "left_count": 0}
    made = wing.evaluator.sensors(wing.tenant)[ALARM]
    assert (made.category, made.severity, made.help, made.origin, made.instanced) == (
        "Alertmanager",
        8,
        "The load is high.",
        "custom",
        False,
    )
    await wing.notify([ALARM])
    (activation,) = await wing.activations()
    assert await wing.affected(activation["activation_id"], "atactivation") == ["a"]
    assert (await send(wing, source, notice(alert("a:9100", "resolved", severity="critical"))))[
        "changed"
    ] == 1
    assert await hit(wing, ALARM) == []
    assert await wing.affected(activation["activation_id"], "currentlyaffected") == []


async def test_a_repeat_changes_nothing_and_writes_nothing(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing)
    await send(wing, source, notice(alert("a")))
    position = wing.evaluator.position(wing.tenant)
    again = await send(wing, source, notice(alert("a")))
    assert (again["taken"], again["changed"]) == (1, 0)
    assert wing.evaluator.position(wing.tenant) == position
    assert await hit(wing, ALARM) == ["a"]


async def test_two_alerts_about_one_sensor_do_not_clear_each_other(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing)
    await send(wing, source, notice(alert("a", device="sda"), alert("a", device="sdb")))
    assert (await send(wing, source, notice(alert("a", "resolved", device="sda"))))["changed"] == 0
    assert await hit(wing, ALARM) == ["a"]
    assert (await send(wing, source, notice(alert("a", "resolved", device="sdb"))))["changed"] == 1
    assert await hit(wing, ALARM) == []


async def test_two_sources_about_one_sensor_do_not_clear_each_other(wing: Wing) -> None:
    await wing.put("a")
    one, other = await add_source(wing, name="one"), await add_source(wing, name="other")
    await send(wing, one, notice(alert("a")))
    await send(wing, other, notice(alert("a")))
    await send(wing, one, notice(alert("a", "resolved")))
    assert await hit(wing, ALARM) == ["a"]
    await send(wing, other, notice(alert("a", "resolved")))
    assert await hit(wing, ALARM) == []


async def test_a_label_names_the_instance(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing, settings={"instance_label": "device"})
    await send(wing, source, notice(alert("a", device="sda"), alert("a", device="sdb")))
    assert wing.evaluator.instances(wing.tenant, wing.sensor(ALARM)) == ["sda", "sdb"]
    await send(wing, source, notice(alert("a", "resolved", device="sda")))
    assert (await hit(wing, ALARM, "sda"), await hit(wing, ALARM, "SDB")) == ([], ["a"])


async def test_a_sensor_of_the_catalogue_is_used_as_it_is_and_without_case(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing, settings={"instance_label": "device"})
    taken = await send(wing, source, notice(alert("a", name="high page faults", device="sda")))
    assert taken["sensors_made"] == []
    assert await hit(wing, "High Page Faults") == ["a"]


async def test_one_alert_that_cannot_be_mapped_never_stops_the_rest(wing: Wing) -> None:
    ids = await wing.put("a", "twin")
    await wing.client.put(
        "/api/v1/systems",
        json={"systems": [{"name": "twin", "system_id": "0f0e0d0c-0000-4000-8000-000000000001"}]},
    )
    await wing.evaluator.follow(wing.tenant)
    source = await add_source(wing)
    lost = alert("a")
    del lost["labels"]["instance"]
    nameless = alert("a")
    nameless["labels"]["alertname"] = " "
    body = notice(
        {"status": "firing", "labels": {"alertname": 7}},
        lost,
        nameless,
        alert("zebra:1"),
        alert("a", name="x" * 201),
        alert("twin"),
        alert("a", "pending"),
        alert(ids["a"]),
    )
    taken = await send(wing, source, body)
    assert (taken["taken"], taken["changed"], taken["left_count"]) == (1, 1, 7)
    assert [(one["index"], one["reason"]) for one in taken["left"]] == [
        (0, "malformed"),
        (1, "no_system"),
        (2, "no_sensor"),
        (3, "unknown_system"),
        (4, "too_long"),
        (5, "several_systems"),
        (6, "malformed"),
    ]
    assert await hit(wing, ALARM) == ["a"]
    shown = await seen(wing, source)
    assert (shown["received"], shown["held"], shown["faults"]) == (1, 1, 7)
    assert {one["reason"] for one in shown["last_faults"]} == {one["reason"] for one in taken["left"]}


async def test_faults_are_counted_and_only_the_newest_are_remembered(wing: Wing) -> None:
    source = await add_source(wing)
    for _ in range(3):
        await send(wing, source, notice(alert("zebra")))
    (fault,) = (await seen(wing, source))["last_faults"]
    assert (fault["what"], fault["count"]) == (f"{ALARM} on zebra", 3)
    wing.clock.advance(1)
    await send(wing, source, notice(*(alert(f"zebra-{number}") for number in range(70))))
    assert (await seen(wing, source))["faults"] == models.FAULTS_KEPT


async def test_a_source_that_adds_no_sensors_leaves_unknown_ones(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing, settings={"make_sensors": False})
    taken = await send(wing, source, notice(alert("a"), alert("a", name="High Page Faults")))
    assert [one["reason"] for one in taken["left"]] == ["unknown_sensor"]
    assert ALARM not in wing.evaluator.sensors(wing.tenant)
    assert await hit(wing, "High Page Faults") == ["a"]


async def test_a_source_fills_the_catalogue_only_so_far(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_SENSORS", 2)
    await wing.put("a")
    source = await add_source(wing)
    taken = await send(wing, source, notice(*(alert("a", name=f"Alert {number}") for number in range(3))))
    assert taken["sensors_made"] == ["Alert 0", "Alert 1"]
    assert [one["reason"] for one in taken["left"]] == ["too_many_sensors"]
    assert (await send(wing, source, notice(alert("a", name="Alert 1"))))["left"] == []


async def test_many_alerts_are_taken_in_several_units(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "AT_ONCE", 7)
    names = [f"s{number:02}" for number in range(30)]
    await wing.put(*names)
    source = await add_source(wing)
    taken = await send(wing, source, notice(*map(alert, names)))
    assert (taken["taken"], taken["changed"], taken["sensors_made"]) == (30, 30, [ALARM])
    assert await hit(wing, ALARM) == names


async def test_an_alert_that_was_taken_for_over_comes_back_with_the_time_at_which_it_began(
    wing: Wing,
) -> None:
    """Alertmanager gives an alert up when Prometheus is not heard; Prometheus then sends the old beginning again."""
    await wing.put("a")
    source = await add_source(wing)
    await send(wing, source, notice(alert("a")))
    await send(wing, source, notice(alert("a", "resolved")))
    assert await hit(wing, ALARM) == []
    assert (await send(wing, source, notice(alert("a"))))["changed"] == 1
    assert await hit(wing, ALARM) == ["a"]


async def test_alerts_that_alertmanager_cut_off_are_told(wing: Wing) -> None:
    source = await add_source(wing)
    taken = await send(wing, source, notice() | {"truncatedAlerts": 12})
    assert [(one["what"], one["reason"]) for one in taken["left"]] == [("12 more alerts", "cut_off")]


async def test_a_key_moves_nothing_away_from_a_system_that_it_does_not_speak_for(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    source = await add_source(wing)
    await send(wing, source, notice(alert("b") | {"fingerprint": "same"}))
    headers = {"x-api-token": await wing.key(KeyKind.GATEWAY, await wing.group("Sales", ids["a"]))}
    answer = await post(wing, source, notice(alert("a") | {"fingerprint": "same"}), headers)
    assert [one["reason"] for one in answer.json()["left"]] == ["not_yours"]
    assert await hit(wing, ALARM) == ["b"]
    await send(wing, source, notice(alert("a") | {"fingerprint": "same"}))
    assert await hit(wing, ALARM) == ["a"], "the integration key speaks for all"


async def test_a_full_name_finds_a_system_whose_full_name_is_not_known(wing: Wing) -> None:
    await wing.put("ws-1")
    await wing.put("ws-2", fqdn="ws-2.other.example")
    source = await add_source(wing)
    body = notice(alert("WS-1.corp.example:9100"), alert("ws-2.corp.example"), alert("ws-2.other.example"))
    taken = await send(wing, source, body)
    assert [(one["index"], one["reason"]) for one in taken["left"]] == [(1, "unknown_system")]
    assert await hit(wing, ALARM) == ["ws-1", "ws-2"]


async def test_an_agents_order_and_a_sources_do_not_disturb_each_other(wing: Wing) -> None:
    """A system's agent numbers its batches by the time of day; a source has no part in that."""
    ids = await wing.put("a")
    source = await add_source(wing)
    await wing.send("1", 1_764_000_000, [on(ids["a"], "Interrupt Rate")])
    await send(wing, source, notice(alert("a")))
    answer = await wing.send("2", 1_764_000_001, [off(ids["a"], "Interrupt Rate")])
    assert (answer["accepted"], answer["ignored"]) == (1, [])
    assert (await hit(wing, "Interrupt Rate"), await hit(wing, ALARM)) == ([], ["a"])


async def test_fleet_names_failing_hosts(wing: Wing) -> None:
    await wing.put("ws-1", "ws-2", "ws-3")
    source = await add_source(wing, "fleet")
    taken = await send(wing, source, failing("ws-1", "ws-3", "nobody", critical=True, description="Encrypt."))
    assert [(one["index"], one["reason"]) for one in taken["left"]] == [(2, "unknown_system")]
    assert await hit(wing, "Disk encryption is on") == ["ws-1", "ws-3"]
    made = wing.evaluator.sensors(wing.tenant)["Disk encryption is on"]
    assert (made.category, made.severity, made.help) == ("Fleet policy", 8, "Encrypt.")


async def test_cloud_events_in_each_mode(wing: Wing) -> None:
    await wing.put("a", "b", "c", "d")
    source = await add_source(wing, "cloudevents")
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/printers",
        "type": "Jammed",
        "subject": "a",
        "time": "2026-11-23T11:00:00Z",
        "data": {"triggered": True},
    }
    structured = {"content-type": "application/cloudevents+json; charset=utf-8"}
    assert (await send(wing, source, event, structured))["changed"] == 1
    batch = [event | {"subject": "b"}, {"specversion": "0.3"}, event | {"subject": "c"}]
    taken = await send(wing, source, batch, {"content-type": "application/cloudevents-batch+json"})
    assert (taken["changed"], [one["reason"] for one in taken["left"]]) == (2, ["malformed"])
    binary = {f"ce-{name}": value for name, value in event.items() if isinstance(value, str)}
    binary |= {"ce-subject": "%64", "content-type": "application/json"}
    assert (await send(wing, source, {"triggered": "firing"}, binary))["changed"] == 1
    assert await hit(wing, "Jammed") == ["a", "b", "c", "d"]
    ended = event | {"time": "2026-11-23T11:10:00Z", "data": {"triggered": False}}
    await send(wing, source, ended, structured)
    repeated = await send(wing, source, event, structured)  # its sender heard no answer and tries again
    assert [one["reason"] for one in repeated["left"]] == ["older"]
    assert await hit(wing, "Jammed") == ["b", "c", "d"]


async def test_the_right_key_is_asked_for(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    source, body = await add_source(wing), notice(alert("a"), alert("b"))
    group = await wing.group("Sales", ids["a"])
    transport = httpx2.ASGITransport(app=wing.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as nobody:
        assert (await post(wing, source, body, client=nobody)).status_code == 401
        wrong = {"authorization": f"Basic {b64encode(b'fleet:wrong').decode()}"}
        assert (await post(wing, source, body, wrong, nobody)).status_code == 401
        for kind, scope in ((KeyKind.AGENT, ids["a"]), (KeyKind.SYSTEMS, "")):
            bearer = {"authorization": f"Bearer {await wing.key(kind, *filter(None, [scope]))}"}
            assert (await post(wing, source, body, bearer, nobody)).status_code == 403
        key = await wing.key(KeyKind.GATEWAY, group)
        basic = {"authorization": f"Basic {b64encode(f'fleet:{key}'.encode()).decode()}"}
        for headers in ({"authorization": f"Bearer {key}"}, basic):
            answer = await post(wing, source, body, headers, nobody)
            assert answer.status_code == 202
            assert [one["reason"] for one in answer.json()["left"]] == ["not_yours"]
    assert await hit(wing, ALARM) == ["a"]


async def test_what_makes_no_sense_to_retry_is_a_4xx_and_is_remembered(wing: Wing) -> None:
    source = await add_source(wing)
    for body in (b"{", b"[]", notice(version="3"), {"alerts": []}):
        answer = await post(wing, source, body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["detail"]
    shown = await seen(wing, source)
    assert (shown["received"], shown["last_faults"][0]["what"]) == (4, "the whole request")
    assert (await post(wing, "nobody", notice())).status_code == 404
    await wing.client.put(
        f"/api/v1/sources/{source}", json={"kind": "alertmanager", "name": "off", "enabled": False}
    )
    assert (await post(wing, source, notice())).status_code == 409
    assert (await post(wing, source, b" " * 8_000_001)).status_code == 413


async def test_a_text_that_no_database_keeps_is_left(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing)
    taken = await send(wing, source, notice(alert("a", name="N\0L"), alert("a")))
    assert [(one["index"], one["reason"]) for one in taken["left"]] == [(0, "malformed")]
    assert taken["changed"] == 1


async def test_whatever_is_written_in_a_refused_item_it_is_remembered(wing: Wing) -> None:
    """Else the request would fail as a whole, and its sender would try again for ever."""
    source = await add_source(wing)
    odd = alert("a", name="N\0L")
    del odd["labels"]["instance"]
    taken = await send(wing, source, notice(odd, alert("x" * 100_000), alert("a", name="y" * 100_000)))
    assert [one["reason"] for one in taken["left"]] == ["no_system", "unknown_system", "too_long"]
    faults = (await seen(wing, source))["last_faults"]
    assert "N\ufffdL" in [one["what"] for one in faults]
    assert max(len(one["what"]) for one in faults) == 300


async def test_a_large_request_is_taken_like_a_small_one(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing)
    bulky = alert("a") | {"annotations": {"description": "z" * 300_000}}
    assert (await send(wing, source, notice(bulky)))["changed"] == 1
    assert len(wing.evaluator.sensors(wing.tenant)[ALARM].help) == 500


async def test_a_database_that_is_away_is_a_503_and_nothing_falls_silent(wing: Wing) -> None:
    await wing.put("a")
    source = await add_source(wing)

    def break_table(conn: Connection) -> None:
        conn.execute(text("ALTER TABLE source_holds RENAME TO elsewhere"))

    await wing.ports.db.write(break_table)
    answer = await post(wing, source, notice(alert("a")))
    assert answer.status_code == 503
    assert wing.evaluator.frozen_until > wing.clock.now()


async def test_states_of_sources_survive_a_restart(wing: Wing) -> None:
    await wing.put("a", "b")
    source = await add_source(wing)
    await send(wing, source, notice(alert("a"), alert("b")))
    await wing.evaluator.write_snapshots()
    await send(wing, source, notice(alert("b", "resolved")))
    fresh = Evaluator(wing.ports.db, wing.clock, wing.ports.limits)
    await fresh.load()
    found = fresh.count(wing.tenant, [wing.pick(ALARM)], 0)
    assert await wing.names(list(found.qualifying)) == ["a"]
