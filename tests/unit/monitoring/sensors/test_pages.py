"""Systems, groups and sensors in the console: looked at by viewers, changed by editors through plain forms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pyroaring import BitMap

from opulse.clock import ManualClock
from opulse.monitoring.sensors import Evaluator
from opulse.monitoring.sensors.flow.ingest import take_batch
from opulse.monitoring.sensors.models import GroupSetting
from opulse.monitoring.sensors.rules.columns import columns_of_rows
from opulse.monitoring.systems.flow.groups import create_group
from opulse.monitoring.systems.flow.reports import note_reports_in
from opulse.monitoring.systems.flow.systems import take_systems
from opulse.monitoring.systems.models import SystemEntry, SystemUser
from opulse.web.access import Caller, Role
from opulse.wire.sensor_states import BatchRead, StateBatch, StateChange
from tests.edges.console import Console, text_of

HANG = "Application Hang"
CPU = "Interrupt Rate"


@dataclass
class Estate:
    """The console over three systems; ``ids`` are their GUIDs by name."""

    console: Console
    evaluator: Evaluator
    ids: dict[str, str]

    async def send(self, seq: int, changes: Sequence[StateChange], heartbeat: Sequence[str] = ()) -> None:
        caller = Caller(self.console.tenant, Role.INTEGRATION, "key", key_id="k")
        batch = StateBatch(str(seq), seq, list(changes), heartbeat=list(heartbeat))
        columns = columns_of_rows(BatchRead(batch, [], None))
        await take_batch(self.console.ports, self.evaluator, caller, columns)

    async def read(self, address: str) -> str:
        answer = await self.console.viewer.get(address)
        assert answer.status_code == 200, answer.text
        return text_of(answer.text)

    async def post(self, address: str, **fields: str) -> str:
        """Where an editor is sent after saving."""
        answer = await self.console.editor.post(address, data=fields)
        assert answer.status_code == 303, text_of(answer.text)
        await self.evaluator.follow(self.console.tenant)
        return answer.headers["location"]

    async def sensor_address(self, name: str) -> str:
        return f"/sensors/{self.evaluator.sensors(self.console.tenant)[name].guid}"


@pytest.fixture
async def estate(console: Console) -> AsyncIterator[Estate]:
    ports = console.ports
    anna = SystemUser(r"CORP\anna", "anna@example.org", "Anna", "Adler", is_primary=True, is_logged_on=True)
    entries = [
        SystemEntry("LT-1", fqdn="lt-1.corp.example", site="North", users=(anna,)),
        SystemEntry("LT-2"),
        SystemEntry("<b>LT-3</b>"),
    ]
    taken, _ = await take_systems(ports, console.tenant, entries)
    console.app.state.evaluator = evaluator = Evaluator(ports.db, ports.clock, ports.limits)
    await evaluator.load()
    yield Estate(console, evaluator, {system.name: system.guid for system in taken})


async def test_the_list_says_who_reports_and_what_is_triggered(estate: Estate, clock: ManualClock) -> None:
    one, two = estate.ids["LT-1"], estate.ids["LT-2"]
    changes = [StateChange(HANG, True, name, None, one) for name in ("excel.exe", "outlook.exe")]
    await estate.send(1, changes, [two])
    clock.advance(16 * 60)
    await estate.send(2, [], [one])
    estate.evaluator.tick()
    seen = await estate.read("/systems")
    assert "1 of 3 report now (heard from within 15 minutes)" in seen
    assert "LT-1 lt-1.corp.example North – Anna Adler Reporting 2" in seen
    assert re.search(r"LT-2 – – – Silent .*16 minutes ago –", seen)
    assert "<b>LT-3</b> – – – Not heard of –" in seen
    found = await estate.read("/systems?search=NORTH")
    assert "LT-1" in found
    assert "LT-2" not in found
    assert "No system found" in await estate.read("/systems?search=zzz")


async def test_one_systems_page_has_its_sensors_users_and_groups(estate: Estate) -> None:
    one = estate.ids["LT-1"]
    await estate.send(
        1, [StateChange(HANG, True, "excel.exe", None, one), StateChange(CPU, True, system=one)]
    )
    await estate.post("/groups/new", name="Sales", systems="lt-1")
    seen = await estate.read(f"/systems/{one}")
    for said in (HANG, "excel.exe", CPU, "Anna Adler", "anna@example.org", "Sales", "All Systems", "North"):
        assert said in seen
    assert (await estate.console.viewer.get("/systems/nobody")).status_code == 404


async def test_a_page_says_whose_system_it_is_and_who_sits_before_it(
    estate: Estate, clock: ManualClock
) -> None:
    now = clock.now()
    anna = SystemUser(
        "anna", "a@example.org", "Anna", "Adler", is_primary=True, last_logon=now - timedelta(days=9)
    )
    bert = SystemUser("bert", is_logged_on=True, last_logon=now - timedelta(hours=2), department="Sales")
    entry = SystemEntry("LT-2", users=(anna, bert), serial="S/N 7", ip_address="10.1.2.3", platform="Windows")
    await take_systems(estate.console.ports, estate.console.tenant, [entry])
    seen = await estate.read(f"/systems/{estate.ids['LT-2']}")
    for said in (
        "Primary user Anna Adler",
        "Logged on bert",
        "Last logon bert, 2 hours ago",
        "bert, Sales",
        "Serial number S/N 7",
        "Address 10.1.2.3",
        "Platform Windows",
        "Last heard of never",
        "Reports while heard from within 15 minutes",
    ):
        assert said in seen
    assert "Primary user nobody Logged on nobody Last logon –" in await estate.read(
        f"/systems/{estate.ids['<b>LT-3</b>']}"
    )


async def test_when_a_system_was_heard_is_known_for_longer_than_memory_lasts(
    estate: Estate, clock: ManualClock
) -> None:
    ports, tenant = estate.console.ports, estate.console.tenant
    heard = {clock.now().replace(minute=0) - timedelta(days=40): BitMap([1])}
    await ports.db.write(note_reports_in, tenant, heard, clock.now())
    assert re.search(r"LT-1 .* Silent (1 month|5 weeks|6 weeks) ago", await estate.read("/systems"))
    assert "Last heard of 1 month ago" in await estate.read(f"/systems/{estate.ids['LT-1']}")


async def test_systems_are_retired_and_restored_by_hand(estate: Estate) -> None:
    address = f"/systems/{estate.ids['LT-2']}"
    assert (await estate.console.viewer.post(f"{address}/retire")).status_code == 403
    assert "Retire LT-2?" not in await estate.read(address)
    assert await estate.post(f"{address}/retire") == address
    seen = await estate.read(address)
    assert "It counts nowhere, keeps its groups" in seen
    listed = await estate.read("/systems")
    assert "0 of 2 report now" in listed
    assert "LT-2" not in listed
    assert re.search(r"LT-2 .*Retired", await estate.read("/systems?show=retired"))
    assert "LT-1" not in await estate.read("/systems?show=retired")
    assert "LT-1" in await estate.read("/systems?show=all")
    assert (
        '<form method="post" action="' + address + "/restore"
        in (await estate.console.editor.get(address)).text
    )
    assert await estate.post(f"{address}/restore") == address
    assert "0 of 3 report now" in await estate.read("/systems")
    assert "No system is retired" in await estate.read("/systems?show=retired")


async def test_a_system_is_deleted_by_editors_only(estate: Estate) -> None:
    address = f"/systems/{estate.ids['LT-2']}"
    assert (await estate.console.viewer.post(f"{address}/delete")).status_code == 403
    assert "Delete LT-2?" not in await estate.read(address)
    assert await estate.post(f"{address}/delete") == "/systems"
    assert (await estate.console.viewer.get(address)).status_code == 404


async def test_a_group_is_made_of_what_was_written_down(estate: Estate) -> None:
    typed = f"LT-1.corp.example, {estate.ids['LT-2'].upper()}\n\nlt-1"
    address = await estate.post("/groups/new", name=" Sales ", systems=typed)
    seen = await estate.read(address)
    assert "2 systems" in seen
    assert "LT-1" in seen
    assert "LT-2" in seen
    assert "Sales Chosen by hand 2" in await estate.read("/groups")


async def test_what_is_wrong_with_a_group_is_said_and_what_was_typed_stays(estate: Estate) -> None:
    await estate.post("/groups/new", name="Sales")
    answer = await estate.console.editor.post("/groups/new", data={"name": "", "systems": "LT-1\nLT-9"})
    assert answer.status_code == 422
    assert "These are no system, or several of one name: LT-9" in text_of(answer.text)
    assert "Give the group a name" in text_of(answer.text)
    assert "LT-1\nLT-9</textarea>" in answer.text
    twin = await estate.console.editor.post("/groups/new", data={"name": "sales"})
    assert (twin.status_code, "Another group has this name" in text_of(twin.text)) == (422, True)


async def test_members_come_and_go_and_the_group_is_renamed_and_deleted(estate: Estate) -> None:
    address = await estate.post("/groups/new", name="Sales", systems="LT-1")
    await estate.post(f"{address}/add", systems="LT-2")
    await estate.post(f"{address}/remove", system=estate.ids["LT-1"])
    await estate.post(f"{address}/name", name="Sales North")
    seen = await estate.read(address)
    assert "Sales North" in seen
    assert "LT-2" in seen
    assert "LT-1" not in seen
    wrong = await estate.console.editor.post(f"{address}/add", data={"systems": "LT-9"})
    assert (wrong.status_code, "no system" in text_of(wrong.text)) == (422, True)
    assert (await estate.console.viewer.post(f"{address}/delete")).status_code == 403
    assert await estate.post(f"{address}/delete") == "/groups"
    assert (await estate.console.viewer.get(address)).status_code == 404


async def test_all_systems_offers_nothing_to_change(estate: Estate) -> None:
    listed = (await estate.console.editor.get("/groups")).text
    address = re.findall(r'href="(/groups/[0-9a-f-]{36})"', listed)[0]
    page = (await estate.console.editor.get(address)).text
    assert "3 systems" in text_of(page)
    assert f"{address}/delete" not in page
    answer = await estate.console.editor.post(f"{address}/delete")
    assert answer.headers["location"] == address


async def test_long_groups_and_lists_are_paged(estate: Estate) -> None:
    entries = [SystemEntry(f"PC-{number:03}") for number in range(60)]
    await take_systems(estate.console.ports, estate.console.tenant, entries)
    await estate.evaluator.follow(estate.console.tenant)
    first = (await estate.console.viewer.get("/systems?search=pc")).text
    assert "60 systems" in text_of(first)
    following = re.findall(r'href="([^"]+)" rel="next"', first)[0].replace("&amp;", "&")
    second = await estate.console.viewer.get(following)
    assert "PC-059" in second.text
    assert "PC-000" not in second.text
    assert 'rel="next"' not in second.text


async def test_sensors_are_listed_by_category_and_searched(estate: Estate) -> None:
    await estate.send(1, [StateChange(CPU, True, system=estate.ids["LT-1"])])
    seen = await estate.read("/sensors")
    assert "Memory Leak" in seen
    assert re.search(r"Interrupt Rate .{0,120} On \d 1 ", seen)
    found = await estate.read("/sensors?search=interrupt+RATE")
    assert "Memory Leak" not in found
    assert "No sensor found" in await estate.read("/sensors?search=zzz")


async def test_an_editor_sets_variables_and_switches_a_sensor_off(estate: Estate) -> None:
    address = await estate.sensor_address(CPU)
    sensor = estate.evaluator.sensors(estate.console.tenant)[CPU]
    fields = {f"variable-{name}": str(value) for name, value in sensor.defaults.items()}
    await estate.post(address, **fields | {"variable-limit": "4321"})
    changed = estate.evaluator.sensors(estate.console.tenant)[CPU]
    assert (changed.variables, changed.enabled) == ({"limit": 4321}, False)
    await estate.post(address, **fields | {"variable-limit": "", "enabled": "on"})
    back = estate.evaluator.sensors(estate.console.tenant)[CPU]
    assert (back.variables, back.enabled) == ({}, True)
    wrong = await estate.console.editor.post(address, data=fields | {"variable-limit": "much"})
    assert (wrong.status_code, "limit: write a number" in text_of(wrong.text)) == (422, True)
    assert 'value="much"' in wrong.text
    endless = await estate.console.editor.post(address, data=fields | {"variable-limit": "inf"})
    assert endless.status_code == 422
    assert (await estate.console.viewer.post(address, data=fields)).status_code == 403


async def test_instances_that_were_seen_stand_on_the_sensors_page(estate: Estate) -> None:
    await estate.send(1, [StateChange(HANG, True, "<i>.exe", None, estate.ids["LT-1"])])
    seen = await estate.read(await estate.sensor_address(HANG))
    assert "Triggered on 1 system" in seen
    assert "<i>.exe" in seen


async def test_a_custom_sensor_is_added(estate: Estate) -> None:
    assert (await estate.console.viewer.get("/sensors/new")).status_code == 403
    address = await estate.post("/sensors/new", name="Badge/Reader offline", category="Doors", instanced="on")
    assert "this tenant" in await estate.read(address)
    twin = await estate.console.editor.post("/sensors/new", data={"name": "badge/reader offline"})
    assert (twin.status_code, "has this name already" in text_of(twin.text)) == (422, True)


async def test_a_sensor_is_set_for_a_group_and_back(estate: Estate) -> None:
    address = await estate.sensor_address(CPU)
    assert "The same everywhere" in await estate.read(address)
    group = await create_group(estate.console.ports, estate.console.tenant, "Kiosks", [], "test")
    there = f"{address}/groups"
    await estate.post(there, group_id=group.guid, switch="off", **{"there-limit": "77"})
    assert "Kiosks Off Limit 77" in await estate.read(address)
    sensor = estate.evaluator.sensors(estate.console.tenant)[CPU]
    assert list(sensor.in_groups.values()) == [GroupSetting(False, {"limit": 77})]
    await estate.post(there, group_id=group.guid, **{"there-limit": "much"})
    await estate.post(there, group_id="", switch="on")
    assert estate.evaluator.sensors(estate.console.tenant)[CPU] == sensor, "what is wrong changes nothing"
    await estate.post(there, group_id=group.guid)
    assert "The same everywhere" in await estate.read(address)
    assert (await estate.console.viewer.post(there, data={"group_id": group.guid})).status_code == 403
