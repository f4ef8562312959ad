"""Sources over the API: made, changed, previewed, and rule files imported; everything is audited."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.tenancy.views import list_audit
from tests.unit.monitoring.activations.world import Wing
from tests.unit.monitoring.sources.world import (
    ALARM,
    add_source,
    alert,
    hit,
    notice,
    open_sources,
    seen,
    send,
)

pytestmark = pytest.mark.stores
RULES = """
groups:
- name: nodes
  rules:
  - {alert: HighLoad, expr: node_load1 > 8, labels: {severity: critical}}
  - {alert: high page faults, expr: x > 1}
  - {alert: Broken}
"""


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_sources(db, clock) as made:
        yield made


async def actions(wing: Wing) -> list[tuple[str, str, str]]:
    rows = await wing.ports.db.read(list_audit, wing.tenant)
    return [(row["actor"], row["action"], row["what"]) for row in reversed(rows)]


async def test_a_source_is_made_listed_changed_and_deleted(wing: Wing) -> None:
    source = await add_source(wing, "fleet", "Fleet")
    (listed,) = (await wing.client.get("/api/v1/sources")).json()["sources"]
    assert (listed["source_id"], listed["kind"], listed["life_seconds"]) == (source, "fleet", 24 * 3600)
    assert listed["receiver"] == f"http://test/api/v1/sources/{source}/receive"
    assert listed["settings"]["system_field"] == "hostname"
    body = {"kind": "alertmanager", "name": "Laptops", "settings": {"critical_severity": 10}}
    changed = (await wing.client.put(f"/api/v1/sources/{source}", json=body)).json()
    assert (changed["kind"], changed["name"], changed["settings"]["critical_severity"]) == (
        "fleet",
        "Laptops",
        10,
    )
    assert (await wing.client.delete(f"/api/v1/sources/{source}")).status_code == 204
    assert (await wing.client.delete(f"/api/v1/sources/{source}")).status_code == 404
    assert (await wing.client.put(f"/api/v1/sources/{source}", json=body)).status_code == 404
    assert [one[1:] for one in await actions(wing) if one[1].startswith("source.")] == [
        ("source.created", "Fleet"),
        ("source.changed", "Laptops"),
        ("source.deleted", "Laptops"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"kind": "fleet", "name": "FLEET"}, 409, "name"),
        ({"kind": "fleet", "name": "a\0b"}, 422, "name"),
        ({"kind": "fleet", "name": "x", "settings": {"severity": 11}}, 422, "severity"),
        ({"kind": "fleet", "name": "x", "settings": {"colour": "red"}}, 422, "colour"),
        ({"kind": "fleet", "name": "x", "settings": {"category": "a\0b"}}, 422, "settings"),
        ({"kind": "fleet", "name": "x", "life_seconds": 0}, 422, "life"),
        ({"kind": "alertmanager", "name": "x", "life_seconds": -1}, 422, "life"),
        ({"kind": "alertmanager", "name": "x", "life_seconds": 10**9}, 422, "life"),
        ({"kind": "alertmanager", "name": "x", "settings": {"severities": "bad"}}, 422, "severities"),
        ({"kind": "cloudevents", "name": "x", "settings": {"triggered": ""}, "life_seconds": 0}, 422, "life"),
        ({"kind": "cloudevents", "name": "x", "settings": {"items": "items"}}, 422, "items"),
    ],
)
async def test_what_cannot_be_saved_says_where(
    wing: Wing, body: dict[str, Any], status: int, where: str
) -> None:
    await add_source(wing, "fleet", "Fleet")
    answer = await wing.client.post("/api/v1/sources", json=body)
    assert answer.status_code == status, answer.text
    assert list(answer.json()["what"]) == [where]
    assert len((await wing.client.get("/api/v1/sources")).json()["sources"]) == 1


async def test_a_preview_says_what_would_become_and_changes_nothing(wing: Wing) -> None:
    await wing.put("ws-1", fqdn="ws-1.example.org")
    sample = notice(alert("WS-1.example.org:9100", device="sda"), alert("nowhere"))
    body = {"kind": "alertmanager", "settings": {"instance_label": "device"}, "sample": json.dumps(sample)}
    shown = (await wing.client.post("/api/v1/sources/preview", json=body)).json()
    assert shown["signals"] == [
        {
            "index": 0,
            "sensor": ALARM,
            "sensor_known": False,
            "system": "WS-1.example.org",
            "system_name": "ws-1",
            "instance": "sda",
            "triggered": True,
            "since": "2026-11-23T11:59:00.123457Z",
        }
    ]
    assert [one["reason"] for one in shown["left"]] == ["unknown_system"]
    assert ALARM not in wing.evaluator.sensors(wing.tenant)
    assert (await wing.client.get("/api/v1/sources")).json()["sources"] == []
    for wrong in ({"sample": "{"}, {"settings": {"severities": "x"}}):
        assert (await wing.client.post("/api/v1/sources/preview", json=body | wrong)).status_code == 422


async def test_a_rule_file_is_checked_then_imported_once(wing: Wing) -> None:
    path = "/api/v1/sources/prometheus-rules"
    checked = (await wing.client.post(path, params={"check": True}, content=RULES)).json()
    assert checked == {
        "checked_only": True,
        "added": ["HighLoad"],
        "known": ["high page faults"],
        "left": [{"where": "nodes, rule 3", "reason": "malformed", "detail": "Broken has no expr."}],
        "recording": 0,
    }
    assert ALARM not in wing.evaluator.sensors(wing.tenant)
    done = (await wing.client.post(path, params={"instanced": True}, content=RULES)).json()
    assert (done["checked_only"], done["added"]) == (False, ["HighLoad"])
    assert (await wing.client.post(path, content=RULES)).json()["added"] == []
    assert (await wing.client.post(path, content="a: 1")).status_code == 422
    assert (await wing.client.post(path, params={"severities": "x"}, content=RULES)).status_code == 422
    assert (await wing.client.post(path, content=b" " * 2_000_001)).status_code == 413
    told = [one[1:] for one in await actions(wing) if one[1].startswith("sensor")]
    assert told == [("sensor.created", ALARM), ("sensors.imported", "prometheus rules")]


async def test_an_alert_meets_the_sensor_that_its_rule_became(wing: Wing) -> None:
    await wing.put("a")
    await wing.client.post("/api/v1/sources/prometheus-rules?instanced=true", content=RULES)
    await wing.evaluator.follow(wing.tenant)
    await wing.notify([(ALARM, "sda")])
    source = await add_source(wing, name="Hamburg", settings={"instance_label": "device"})
    taken = await send(wing, source, notice(alert("a", device="sda"), alert("a", name="New", device="sdb")))
    assert taken["sensors_made"] == ["New"]
    assert len(await wing.activations(state="active")) == 1
    assert await hit(wing, ALARM, "sda") == ["a"]
    assert ("source Hamburg", "sensor.created", "New") in await actions(wing)
    assert (await seen(wing, source))["sensors_made"] == 1
