"""Distributions over HTTP: the JSON routes and the pages, by role."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from opulse.bootstrap.stages import import_stores
from opulse.experience.distributions.flow.asking import ask
from opulse.experience.distributions.flow.desktop import mark_shown_in
from opulse.experience.distributions.models import Channel, MessageSpec
from opulse.ports import Ports
from opulse.tenancy import get_tenant
from tests.edges.console import Console, open_console, text_of
from tests.servers.installation import browse, make_tenant
from tests.unit.experience.distributions.town import Town, build_town

import_stores()  # so that the database of the fixture has every table


@pytest.fixture
async def console(ports: Ports) -> AsyncIterator[Console]:
    async with open_console(ports) as opened:
        yield opened


@pytest.fixture
async def town(ports: Ports, console: Console) -> Town:
    return await build_town(ports, 8, tenant=console.tenant)


async def test_an_integration_reads_counts_and_reasons_and_no_names(ports: Ports, console: Console) -> None:
    tenant, key = await make_tenant(ports, "Globex")
    town = await build_town(ports, 6, tenant=tenant)
    await town.change(town.people[:2], unsubscribed=True)
    request = town.request(message=MessageSpec(subject="Slow?"))
    made = await ask(ports, request)
    async with browse(console.app, key) as client:
        (listed,) = (
            await client.get("/api/v1/distributions", params={"activation": request.activation})
        ).json()
        assert (listed["id"], listed["subject"], listed["invitations"]) == (
            made.distribution,
            "Slow?",
            {"spared": 2, "queued": 4},
        )
        assert listed["reasons"] == [{"state": "spared", "reason": "opted_out", "people": 2}]
        assert listed["waits"] == "no_relay"
        address = f"/api/v1/distributions/{made.distribution}"
        assert (await client.get(address)).json() == listed
        spared = (await client.get(f"{address}/invitations", params={"state": "spared"})).json()
        assert {one["contact"] for one in spared} == set(town.people[:2])
        assert {(one["email"], one["first_name"], one["last_name"]) for one in spared} == {("", "", "")}
        first = (await client.get(f"{address}/invitations", params={"limit": 4})).json()
        rest = (await client.get(f"{address}/invitations", params={"after": first[-1]["id"]})).json()
        assert len({one["id"] for one in [*first, *rest]}) == 6


async def test_a_key_steers_and_a_stopped_one_stays_stopped(ports: Ports, console: Console) -> None:
    tenant, key = await make_tenant(ports, "Globex")
    town = await build_town(ports, 3, tenant=tenant)
    await town.switch(confirm_above=2)
    made = await ask(ports, town.request())
    address = f"/api/v1/distributions/{made.distribution}"
    async with browse(console.app, key) as client:
        assert (await client.get(address)).json()["to_confirm"] == 3
        confirmed = (await client.post(f"{address}/confirm")).json()
        assert (confirmed["to_confirm"], confirmed["invitations"]) == (0, {"queued": 3})
        assert (await client.post(f"{address}/pause")).json()["state"] == "paused"
        assert (await client.post(f"{address}/resume")).json()["state"] == "running"
        cancelled = (await client.post(f"{address}/cancel")).json()
        assert (cancelled["state"], cancelled["invitations"]) == ("cancelled", {"cancelled": 3})
        for step in ("pause", "resume", "confirm"):
            assert (await client.post(f"{address}/{step}")).status_code == 409
        assert (await client.post("/api/v1/mail-switch", json={"paused": True})).json() == {"paused": True}
    assert (await ports.db.read(get_tenant, tenant)).mail_paused


async def test_another_tenants_distribution_is_unknown(ports: Ports, console: Console) -> None:
    town = await build_town(ports, 1)
    made = await ask(ports, town.request())
    _, key = await make_tenant(ports, "Globex")
    async with browse(console.app, key) as client:
        assert (await client.get("/api/v1/distributions")).json() == []
        address = f"/api/v1/distributions/{made.distribution}"
        answers = [await client.get(address), await client.get(f"{address}/invitations")]
        answers += [
            await client.post(f"{address}/{step}") for step in ("pause", "resume", "cancel", "confirm")
        ]
        assert {one.status_code for one in answers} == {404}
    assert (await console.editor.get(f"/distributions/{made.distribution}")).status_code == 404
    assert await town.states() == {"queued": 1}


async def test_the_list_and_the_page_say_what_became_of_everybody(
    ports: Ports, console: Console, town: Town
) -> None:
    assert "Nobody was asked yet" in text_of((await console.viewer.get("/distributions")).text)
    await town.change(town.people[:3], unsubscribed=True)
    made = await ask(
        ports, town.request(name="VPN down", message=MessageSpec(body="Is the VPN slow?\n\nSay so."))
    )
    listed = text_of((await console.viewer.get("/distributions")).text)
    assert "VPN down" in listed
    shown = text_of((await console.editor.get(f"/distributions/{made.distribution}")).text)
    assert "Not asked: opted out of the directory" in shown
    assert "Waits for its turn at the relay" in shown
    assert "No mail relay is set" in shown
    assert "Is the VPN slow? Say so." in shown
    assert "User1@example.org" in shown
    only = text_of((await console.editor.get(f"/distributions/{made.distribution}?state=spared")).text)
    assert len(re.findall(r"User\d@example.org", only)) == 3


async def test_a_viewer_sees_counts_but_neither_names_nor_buttons(
    ports: Ports, console: Console, town: Town
) -> None:
    made = await ask(ports, town.request())
    page = (await console.viewer.get(f"/distributions/{made.distribution}")).text
    assert "User1@" not in page
    assert "First1" not in page
    assert "/pause" not in page
    for step in ("pause", "resume", "cancel", "confirm"):
        assert (await console.viewer.post(f"/distributions/{made.distribution}/{step}")).status_code == 403
    assert (
        await console.viewer.post("/distributions/mail-switch", data={"paused": "true"})
    ).status_code == 403
    assert await town.states() == {"queued": 8}


async def test_an_editor_confirms_pauses_resumes_and_stops(
    ports: Ports, console: Console, town: Town
) -> None:
    await town.switch(confirm_above=5)
    made = await ask(ports, town.request())
    address = f"/distributions/{made.distribution}"
    assert "This will ask 8 people" in text_of((await console.editor.get(address)).text)
    answer = await console.editor.post(f"{address}/confirm")
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert await town.states() == {"queued": 8}
    journey = "/activations/1/journey"
    onward = await console.editor.post(f"{address}/pause", data={"next": journey})
    assert onward.headers["location"] == journey
    assert "Somebody paused this distribution" in text_of((await console.editor.get(address)).text)
    elsewhere = await console.editor.post(f"{address}/resume", data={"next": "//evil.example"})
    assert elsewhere.headers["location"] == address
    await console.editor.post(f"{address}/cancel")
    assert await town.states() == {"cancelled:stopped_by_operator": 8}
    assert (await console.editor.post(f"{address}/resume")).status_code == 303
    assert "Not possible now: it is cancelled" in text_of((await console.editor.get(address)).text)


async def test_the_switch_for_all_mail(ports: Ports, console: Console, town: Town) -> None:
    await console.editor.post("/distributions/mail-switch", data={"paused": "true"})
    assert (await ports.db.read(get_tenant, console.tenant)).mail_paused
    assert "All mail is switched off" in text_of((await console.editor.get("/distributions")).text)
    await console.editor.post("/distributions/mail-switch", data={"paused": "false"})
    assert not (await ports.db.read(get_tenant, console.tenant)).mail_paused


async def test_the_page_says_by_which_way_people_are_asked_and_how_many_a_desktop_showed(
    ports: Ports, console: Console, town: Town
) -> None:
    made = await ask(ports, town.request(channel=Channel.DESKTOP))
    rows = await town.rows()
    await ports.db.write(mark_shown_in, town.tenant, [rows[0]["id"]], ports.clock.now())
    shown = text_of((await console.viewer.get(f"/distributions/{made.distribution}")).text)
    assert "Desktop" in shown
    assert "7 wait for a device with its person" in shown
    assert "Accepted" not in shown
    listed = (await console.viewer.get(f"/api/v1/distributions/{made.distribution}")).json()
    assert (listed["channel"], listed["invitations"]) == ("desktop", {"offered": 7, "shown": 1})
