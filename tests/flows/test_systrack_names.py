"""Names of a SysTrack are taken over by the API, the page and the command, from the stand-in over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from opulse.bridges.systrack import Named
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.emulators.systrack.cloud import OWN_SENSORS
from opulse.monitoring.sensors.flow.catalogue import seed_tenant_in
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.views import list_groups
from opulse.outbound import AddressPolicy, OutboundClient
from opulse.ports import Ports
from opulse.pulses.names.rules import LONGEST, sort_names
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from tests.edges.console import Console, open_console, own_app, text_of
from tests.servers.installation import browse
from tests.unit.emulators.cloud import emulated
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

OWN = [name for name, _ in OWN_SENSORS]
PATH = "/api/v1/systrack-names"


@asynccontextmanager
async def connected(db: Database, clock: ManualClock, faults: str = "") -> AsyncIterator[tuple[Pulse, Any]]:
    """A workflow whose task asks the stand-in, and a client of the whole installation."""
    async with open_pulse(db, clock) as pulse, emulated(faults, 3, clock, systems=1) as (product, bench):
        host, options = bench.url.removeprefix("http://"), product.cloud.options
        http = OutboundClient(AddressPolicy.of(origins=[host], networks=["127.0.0.0/8"]), clock)
        pulse.ports = replace(pulse.ports, http=http)
        fields = {"api_token": options.password, "systrack_api_account": options.username}
        body = {"name": "Stand-in", "fields": fields}
        pulse.account = (await pulse.api("POST", "/extensions/operational_pulse/accounts", body, 201))["id"]
        form = {"cloud_url": host, "token_url": product.token_url, "client_id": options.client_id}
        await pulse.receive(form=form)
        _, secret = await issue_key(pulse.ports, pulse.tenant, KeyKind.INTEGRATION, "names", "test")
        app = own_app(pulse.ports)
        app.state.evaluator = Evaluator(db, clock, pulse.ports.limits)
        async with browse(app, secret) as client:
            yield pulse, client
        await http.aclose()


@pytest.mark.stores
async def test_what_is_new_is_added_and_what_is_here_stays(db: Database, clock: ManualClock) -> None:
    async with connected(db, clock) as (pulse, client):
        await db.write(seed_tenant_in, pulse.tenant, clock.now())
        before = {one.name for one in await db.read(list_sensors, pulse.tenant)}
        looked = (await client.post(PATH, json={"check": True})).json()
        assert looked["checked_only"] is True
        assert {one.name for one in await db.read(list_sensors, pulse.tenant)} == before
        taken = (await client.post(PATH, json={})).json()
        assert taken["sensors"]["added"] == looked["sensors"]["added"]
        assert taken["sensors"]["added"] == OWN
        made = {one.name: one for one in await db.read(list_sensors, pulse.tenant)}
        assert made.keys() == before | set(taken["sensors"]["added"])
        assert taken["host"] in made[OWN[0]].help
        assert made[OWN[0]].category == "Branch"
        groups = {one.name for one in await db.read(list_groups, pulse.tenant)}
        assert set(taken["groups"]["added"]) <= groups
        assert "All Systems" in taken["groups"]["known"]
        again = (await client.post(PATH, json={})).json()
        assert again["sensors"]["added"] == again["groups"]["added"] == []
        assert len(again["sensors"]["known"]) == len(looked["sensors"]["added"]) + len(
            looked["sensors"]["known"]
        )


async def test_a_condition_on_what_systrack_has_not_is_told(db: Database, clock: ManualClock) -> None:
    async with connected(db, clock) as (pulse, client):
        await pulse.listen(sensors=["Application Hang", "Aplication Fault"])
        told = (await client.post(PATH, json={"groups": False})).json()
        assert [one["sensor"] for one in told["unheard"]] == ["Aplication Fault"]
        assert told["groups"] == {"added": [], "known": [], "left": []}


async def test_the_page_looks_takes_over_and_says_why_not(ports: Ports, clock: ManualClock) -> None:
    async with open_console(ports) as console, emulated("", 3, clock, systems=1) as (product, bench):
        console.app.state.evaluator = Evaluator(ports.db, clock, ports.limits)
        host = bench.url.removeprefix("http://")
        http = OutboundClient(AddressPolicy.of(origins=[host], networks=["127.0.0.0/8"]), clock)
        console.app.state.ports = replace(ports, http=http)
        empty = await console.editor.get("/systrack-names")
        assert "No workflow asks a SysTrack" in text_of(empty.text)
        assert (await console.viewer.get("/systrack-names")).status_code == 403
        workflow = await _ask_by(console, product, host)
        sent = {"workflow": workflow, "sensors": "on", "groups": "on"}
        looked = text_of((await console.editor.post("/systrack-names", data={**sent, "do": "look"})).text)
        assert f"Looked at {host}" in looked
        taken = text_of((await console.editor.post("/systrack-names", data={**sent, "do": "take"})).text)
        assert f"Taken over from {host}" in taken
        assert set(OWN) <= {one.name for one in await ports.db.read(list_sensors, console.tenant)}
        nothing = await console.editor.post("/systrack-names", data={"workflow": workflow, "do": "take"})
        assert nothing.status_code == 422
        assert "Choose sensors, groups, or both" in text_of(nothing.text)
        gone = await console.editor.post("/systrack-names", data={**sent, "workflow": "none"})
        assert gone.status_code == 422
        assert "SysTrack cannot be asked: there is no workflow" in text_of(gone.text)
        await http.aclose()


async def _ask_by(console: Console, product: Any, host: str) -> str:
    """A workflow whose task asks the stand-in by its API key, made by the API in the administrator's browser."""
    _, secret = await issue_key(console.ports, console.tenant, KeyKind.INTEGRATION, "names", "test")
    async with browse(console.app, secret) as client:
        extension = "/api/v1/extensions/operational_pulse"
        await client.post(f"{extension}/install", json={"domains": [host.partition(":")[0]]})
        body = {"name": "Stand-in", "fields": {"systrack_api_key": product.cloud.options.api_key}}
        account = (await client.post(f"{extension}/accounts", json=body)).json()["id"]
        directory = (await client.post("/api/v1/directories", json={"name": "People"})).json()["id"]
        path = f"/api/v1/directories/{directory}/mailing-lists"
        listed = (await client.post(path, json={"name": "All"})).json()["id"]
        form = {"systems_url": "${a://Field/Systems URL}", "sensor_names": "${a://Field/Sensor Names}"}
        form |= {"cloud_url": host, "list_id": listed, "directory_id": directory}
        fields = [
            {"name": "Systems URL", "path": "data.systemsAtActivationURL"},
            {"name": "Sensor Names", "path": "data.sensorNames"},
        ]
        document = {
            "name": "Receive",
            "trigger": {"type": "json_event", "form": {"fields": fields, "authentication": "token"}},
            "tasks": [{"type": "operational_pulse", "account": account, "form": form}],
        }
        made = await client.post("/api/v1/workflows", json=document)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


async def test_why_systrack_cannot_be_asked_is_said(db: Database, clock: ManualClock) -> None:
    async with connected(db, clock) as (pulse, client):
        unknown = await client.post(PATH, json={"workflow_id": "none"})
        assert unknown.status_code == 409
        assert "no workflow of this id" in unknown.json()["detail"]
        await pulse.receive(form={"cloud_url": "elsewhere.example"})
        unclear = await client.post(PATH, json={})
        assert unclear.status_code == 409
        assert "2 workflows" in unclear.json()["detail"]


async def test_answers_that_break_off_are_asked_for_again(db: Database, clock: ManualClock) -> None:
    async with connected(db, clock, "truncate=30%,500=20%") as (_, client):
        for _ in range(10):
            answer = await client.post(PATH, json={"check": True})
            assert answer.status_code in {200, 503}
            if answer.status_code == 200:
                assert set(OWN) <= set(answer.json()["sensors"]["added"])
                return
        pytest.fail("never answered")


def test_names_are_compared_without_case_and_long_ones_are_left() -> None:
    long = "x" * (LONGEST + 1)
    found = [Named("Application Hang"), Named("application fault"), Named(long), Named("New")]
    names = sort_names(found, ["APPLICATION HANG", "Application Fault"])
    assert names.added == ("New",)
    assert names.known == ("Application Hang", "application fault")
    assert [name for name, _ in names.left] == [long]
