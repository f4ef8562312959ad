"""How sensors went and what happened on a system, on pages and by the API."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from opulse.clock import ManualClock
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors.flow.ingest import take_batch
from opulse.monitoring.sensors.flow.sampling import Sampler
from opulse.monitoring.sensors.rules.columns import columns_of_rows
from opulse.monitoring.systems.flow.groups import create_group
from opulse.monitoring.systems.flow.systems import take_systems
from opulse.monitoring.systems.models import SystemEntry
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.models import KeyKind
from opulse.web.access import Caller, Role
from opulse.wire.sensor_states import BatchRead, StateBatch, StateChange
from tests.edges.console import Console, text_of
from tests.servers.installation import browse

HANG = "Application Hang"
CPU = "Interrupt Rate"


@dataclass
class Estate:
    """Three systems, two of them in the group Sales."""

    console: Console
    evaluator: Evaluator
    ids: dict[str, str]
    sales: str

    async def send(self, seq: int, changes: Sequence[StateChange]) -> None:
        caller = Caller(self.console.tenant, Role.INTEGRATION, "key", key_id="k")
        columns = columns_of_rows(BatchRead(StateBatch(str(seq), seq, list(changes)), [], None))
        await take_batch(self.console.ports, self.evaluator, caller, columns)

    async def look(self) -> None:
        await Sampler(self.console.ports, self.evaluator).look(self.console.tenant)

    async def read(self, address: str) -> str:
        answer = await self.console.viewer.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    def sensor(self, name: str) -> str:
        return self.evaluator.sensors(self.console.tenant)[name].guid


@pytest.fixture
async def estate(console: Console, clock: ManualClock) -> AsyncIterator[Estate]:
    ports = console.ports
    taken, _ = await take_systems(ports, console.tenant, [SystemEntry(name) for name in ("A", "B", "C")])
    ids = {system.name: system.guid for system in taken}
    group = await create_group(ports, console.tenant, "Sales", [ids["A"], ids["B"]], "test")
    console.app.state.evaluator = evaluator = Evaluator(ports.db, clock, ports.limits)
    await evaluator.load()
    yield Estate(console, evaluator, ids, group.guid)


async def test_a_sensors_page_draws_how_it_went(estate: Estate, clock: ManualClock) -> None:
    await estate.look()
    clock.advance(1800)
    hung = [
        StateChange(HANG, True, name, None, estate.ids[at]) for at, name in (("A", "x.exe"), ("C", "y.exe"))
    ]
    await estate.send(1, hung)
    await estate.look()
    address = f"/sensors/{estate.sensor(HANG)}"
    page = await estate.read(address)
    seen = text_of(page)
    assert "Triggered on, last 24 hours at most 2 systems" in seen.replace(
        "The most systems at once in each quarter of an hour. ", ""
    )
    assert page.count("op-area-line") == 2  # nobody looked for a quarter of an hour in between
    assert "By group" in seen
    assert "By instance" in seen
    assert re.search(
        r"<td>.{0,160}12:30.{0,60}</td><td class=\"is-num\">2</td>", page
    )  # the numbers, as a table
    assert "–</td>" in page
    sales = text_of(await estate.read(f"{address}?group={estate.sales}"))
    assert "Triggered on, last 24 hours: Sales" in sales
    assert "at most 1 system" in sales
    one = text_of(await estate.read(f"{address}?instance=Y.EXE&span=7d"))
    assert "Triggered on, last 7 days: Y.EXE" in one
    assert "at most 1 system" in one
    assert "at most 0 systems" in text_of(await estate.read(f"{address}?span=30d&instance=none"))
    quiet = text_of(await estate.read(f"/sensors/{estate.sensor(CPU)}"))
    assert "at most 0 systems" in quiet


async def test_a_systems_page_says_since_when_and_what_happened(estate: Estate, clock: ManualClock) -> None:
    system = estate.ids["A"]
    await estate.send(1, [StateChange(CPU, True, system=system)])
    just = text_of(await estate.read(f"/systems/{system}"))
    assert f"{CPU} " in just
    assert "less than five minutes" in just
    assert "Nothing changed" in just
    await estate.look()
    clock.advance(3600)
    await estate.send(2, [StateChange(HANG, True, "x.exe", system=system)])
    await estate.look()
    clock.advance(600)
    await estate.send(3, [StateChange(HANG, False, "x.exe", system=system)])
    await estate.look()
    seen = text_of(await estate.read(f"/systems/{system}"))
    assert re.search(rf"{CPU} .*– 1 hour ago", seen)
    assert re.search(
        rf"13:10 {HANG} x\.exe Cleared .*13:00 {HANG} x\.exe Triggered .*12:00 {CPU} – Triggered", seen
    )
    clock.advance(8 * 24 * 3600)
    past = await read_later(estate)
    assert "longer than is kept" in past
    assert "Nothing changed" in past


async def read_later(estate: Estate) -> str:
    """The page of system A after everybody's session is over: a new one begins."""
    client = estate.console.viewer
    await client.post(
        "/sign-in", data={"email": "viewer@example.org", "password": "a password of some length"}
    )
    return text_of(await estate.read(f"/systems/{estate.ids['A']}"))


async def test_the_api_gives_the_same_numbers(estate: Estate, clock: ManualClock) -> None:
    await estate.send(1, [StateChange(HANG, True, "x.exe", system=estate.ids["A"])])
    await estate.look()
    _, key = await issue_key(estate.console.ports, estate.console.tenant, KeyKind.INTEGRATION, "test", "test")
    async with browse(estate.console.app, key) as api:
        address = f"/api/v1/sensor-trends/{estate.sensor(HANG)}"
        trend = (await api.get(address, params={"span": "7d"})).json()
        assert (trend["name"], trend["most"], len(trend["points"])) == (HANG, 1, 168)
        assert [point["systems"] for point in trend["points"][-2:]] == [None, 1]
        assert {part["name"] for part in trend["groups"]} == {"All Systems", "Sales"}
        assert trend["instances"] == [{"key": "x.exe", "name": "x.exe", "most": 1}]
        sales = (await api.get(address, params={"group": estate.sales})).json()
        assert (sales["span"], sales["most"]) == ("24h", 1)
        assert (await api.get(address, params={"group": "none"})).status_code == 404
        assert (await api.get(address, params={"span": "1y"})).status_code == 422
        assert (await api.get("/api/v1/sensor-trends/none")).status_code == 404
        history = (await api.get(f"/api/v1/systems/{estate.ids['A']}/history")).json()["changes"]
        assert [(one["sensor"], one["instance"], one["triggered"]) for one in history] == [
            (HANG, "x.exe", True)
        ]
        assert (await api.get("/api/v1/systems/none/history")).status_code == 404
