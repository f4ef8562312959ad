"""The pages of sources: adding one, its receiver and snippet, a sample to try, what it holds and refused, rule files."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest

from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.systems.flow.systems import take_systems
from opulse.monitoring.systems.models import SystemEntry
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from opulse.tenancy.views import list_audit
from tests.edges.console import Console, text_of
from tests.servers.installation import browse
from tests.unit.monitoring.sources.world import alert, notice

RULES = """
groups:
- name: nodes
  rules:
  - {alert: NodeDown, expr: up == 0, labels: {severity: critical}}
  - {alert: High Page Faults, expr: x > 1}
  - {alert: Broken}
"""


@pytest.fixture
async def sources(console: Console) -> AsyncIterator[Console]:
    """The console with an evaluator and two systems."""
    evaluator = Evaluator(console.ports.db, console.ports.clock, console.ports.limits)
    await evaluator.load()
    console.app.state.evaluator = evaluator
    await take_systems(console.ports, console.tenant, [SystemEntry("ws-0001"), SystemEntry("ws-0002")])
    await evaluator.follow(console.tenant)
    yield console


async def add(sources: Console, kind: str = "alertmanager", **form: str) -> str:
    """The address of a new source's page."""
    sent = {"name": "Prometheus", "enabled": "on", "setting-make_sensors": "on", "do": "save"} | form
    if kind == "alertmanager":
        sent |= {"setting-sensor_label": "alertname", "setting-system_labels": "instance"}
    answer = await sources.editor.post(f"/sources/new?kind={kind}", data=sent)
    assert answer.status_code == 303, text_of(answer.text)
    return str(answer.headers["location"])


async def receive(sources: Console, address: str, body: dict[str, Any]) -> None:
    _, secret = await issue_key(sources.ports, sources.tenant, KeyKind.INTEGRATION, "am", "test")
    async with browse(sources.app, secret) as machine:
        answer = await machine.post(f"/api/v1{address}/receive", content=json.dumps(body))
        assert answer.status_code == 202, answer.text


async def test_an_editor_adds_a_source_and_is_shown_what_to_paste(sources: Console) -> None:
    kinds = text_of((await sources.editor.get("/sources/new")).text)
    assert "Prometheus Alertmanager" in kinds and "Fleet policies" in kinds and "CloudEvents or JSON" in kinds
    address = await add(sources)
    page = (await sources.editor.get(address)).text
    assert f"http://test/api/v1{address}/receive" in page
    assert "webhook_configs:" in page and "Nothing is held" in text_of(page)
    listed = text_of((await sources.viewer.get("/sources")).text)
    assert "Prometheus Prometheus Alertmanager On never" in listed


async def test_what_it_holds_and_refused_is_shown(sources: Console) -> None:
    address = await add(sources)
    await receive(sources, address, notice(alert("ws-0001:9100"), alert("nowhere:1")))
    shown = text_of((await sources.viewer.get(address)).text)
    assert "HighLoad ws-0001" in shown
    assert "HighLoad on nowhere Unknown system No system here has this name" in shown
    assert "Holds triggered 1" in shown
    assert "nowhere" not in text_of((await sources.viewer.get("/sources")).text)


async def test_a_sample_is_tried_with_the_settings_of_the_form_and_nothing_is_taken(sources: Console) -> None:
    address = await add(sources)
    sample = json.dumps(notice(alert("x", nodename="ws-0002"), alert("y", nodename="nowhere")))
    form = {
        "name": "Prometheus",
        "setting-sensor_label": "alertname",
        "setting-system_labels": "nodename",
        "setting-make_sensors": "on",
        "sample": sample,
        "do": "try",
    }
    shown = (await sources.editor.post(address, data=form)).text
    assert "HighLoad new sensor ws-0002 – Triggered" in text_of(shown)
    assert "HighLoad on nowhere" in text_of(shown)
    assert unescape(shown).count(sample) == 1, "the sample is still in the form"
    assert "Holds triggered 0" in text_of((await sources.editor.get(address)).text)
    unreadable = await sources.editor.post(address, data=form | {"sample": "{"})
    assert "This is not what Alertmanager posts" in text_of(unreadable.text)


async def test_a_mapping_is_tried_before_there_is_a_source(sources: Console) -> None:
    form = {
        "name": "",
        "setting-sensor": "$.check",
        "setting-system": "$.host.name",
        "setting-triggered": "$.state",
        "setting-triggered_words": "bad",
        "setting-cleared_words": "good",
        "setting-severity": "5",
        "setting-make_sensors": "on",
        "sample": '[{"check": "Toner", "host": {"name": "ws-0001"}, "state": "bad"}, {"check": "Toner"}]',
        "do": "try",
    }
    shown = text_of((await sources.editor.post("/sources/new?kind=cloudevents", data=form)).text)
    assert "Toner new sensor ws-0001 – Triggered" in shown
    assert "There is no text at $.host.name." in shown
    batch = {"sample": "[]", "headers": "Content-Type: application/cloudevents+json"}
    refused = text_of((await sources.editor.post("/sources/new?kind=cloudevents", data=form | batch)).text)
    assert "A CloudEvent is a JSON object" in refused


@pytest.mark.parametrize(
    ("kind", "form", "field", "sentence"),
    [
        ("alertmanager", {"name": " "}, "name", "A source has a name"),
        ("alertmanager", {"life": "soon"}, "life", "A time to live is from 0"),
        ("fleet", {"life": "0"}, "life", "Nothing else clears what this source triggers"),
        ("fleet", {"setting-severity": "11"}, "setting-severity", "less than or equal to 10"),
        ("cloudevents", {"setting-system": "$..host"}, "setting-system", "may lead to several places"),
        ("cloudevents", {"setting-sensor": "$["}, "setting-sensor", "is no path"),
        ("cloudevents", {"setting-value": "$.n"}, "setting-below", "A value needs a limit"),
    ],
)
async def test_what_cannot_be_used_is_said_at_its_field(
    sources: Console, kind: str, form: dict[str, str], field: str, sentence: str
) -> None:
    usual = {
        "alertmanager": {"setting-sensor_label": "alertname", "setting-system_labels": "instance"},
        "fleet": {"setting-system_field": "hostname"},
        "cloudevents": {"setting-sensor": "$.type", "setting-system": "$.subject"},
    }
    sent = {"name": "Odd", "enabled": "on", "do": "save"} | usual[kind] | form
    answer = await sources.editor.post(f"/sources/new?kind={kind}", data=sent)
    assert answer.status_code == 422
    found = re.search(rf'<a href="#{field}">([^<]*)</a>', answer.text)
    assert found is not None, text_of(answer.text)
    assert sentence in unescape(found[1])
    assert f'id="{field}"' in answer.text


async def test_changes_are_audited_and_a_viewer_changes_nothing(sources: Console) -> None:
    address = await add(sources, "fleet", **{"setting-system_field": "hostname"})
    form = {"name": "Fleet", "life": "2", "setting-system_field": "hostname", "do": "save"}
    assert (await sources.viewer.post(address, data=form)).status_code == 403
    assert (await sources.editor.post(address, data=form)).status_code == 303
    page = (await sources.viewer.get(address)).text
    assert "fleet:KEY@test/" in page and 'value="2"' in page and "Delete" not in text_of(page)
    assert (await sources.editor.post(f"{address}/delete")).status_code == 303
    assert (await sources.editor.get(address)).status_code == 404
    rows = await sources.ports.db.read(list_audit, sources.tenant)
    actions = [row["action"] for row in rows if row["action"].startswith("source.")]
    assert sorted(actions) == ["source.changed", "source.created", "source.deleted"]


async def test_a_rule_file_is_checked_then_imported(sources: Console) -> None:
    form = {"rules": RULES, "severities": "critical=9", "do": "check"}
    checked = text_of((await sources.editor.post("/sources/import", data=form)).text)
    assert "1 sensor would be added, 1 known already, 1 rule left" in checked
    assert "Broken has no expr." in checked
    assert "NodeDown" not in sources.app.state.evaluator.sensors(sources.tenant)
    done = text_of((await sources.editor.post("/sources/import", data=form | {"do": "import"})).text)
    assert "1 sensor added" in done
    made = sources.app.state.evaluator.sensors(sources.tenant)["NodeDown"]
    assert (made.severity, made.category, made.help) == (9, "nodes", "Fires while up == 0")
    again = text_of((await sources.editor.post("/sources/import", data=form | {"do": "import"})).text)
    assert "0 sensors added, 2 known already" in again


async def test_a_rule_file_is_uploaded(sources: Console) -> None:
    files = {"file": ("rules.yml", RULES.encode(), "application/yaml")}
    answer = await sources.editor.post("/sources/import", data={"do": "check"}, files=files)
    assert "1 sensor would be added" in text_of(answer.text)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"rules": "groups: [unclosed"}, "The file is not YAML (without merge keys) in line"),
        ({"rules": "a: 1"}, "has a list of groups"),
        ({"rules": RULES, "severities": "critical"}, "is not of the form word=severity"),
    ],
)
async def test_a_rule_file_that_cannot_be_read_is_refused(
    sources: Console, form: dict[str, str], sentence: str
) -> None:
    answer = await sources.editor.post("/sources/import", data=form)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
