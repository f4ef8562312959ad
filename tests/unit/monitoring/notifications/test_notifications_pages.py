"""Create and Edit Notification without script: every button sends the whole form and gets it back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.web.roles import Role
from tests.unit.monitoring.activations.world import HANG, RETRANSMIT, Wing, hang, open_wing


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


async def form(wing: Wing, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": "Teams & calls",
        "description": "Many hang",
        "sensor": [HANG],
        "instance": ["teams.exe"],
        "group_id": await wing.everything(),
        "option": "number",
        "value": "2",
        "hold_seconds": "0",
        "enabled": "on",
        "do": "save",
    }
    return given | changes


async def test_created_listed_opened_locked_unlocked_and_saved(wing: Wing) -> None:
    recipient = await wing.recipient("http://127.0.0.1:9/hook")
    async with wing.console() as client:
        assert "No notification yet" in (await client.get("/notifications")).text
        answer = await client.post("/notifications/new", data=await form(wing, recipient=[recipient]))
        assert (answer.status_code, answer.headers["location"]) == (303, "/notifications")
        listed = (await client.get("/notifications")).text
        assert "Teams &amp; calls" in listed
        assert "2 systems currently reporting" in listed
        found = (await wing.client.get("/api/v1/notifications")).json()["notifications"][0]
        assert found["sensors"] == [{"name": HANG, "instance": "teams.exe"}]
        assert found["recipients"] == [recipient]

        address = f"/notifications/{found['notification_id']}"
        locked = (await client.get(address)).text
        assert "<fieldset disabled>" in locked
        assert f'href="{address}?edit=1"' in locked
        open_ = (await client.get(f"{address}?edit=1")).text
        assert "<fieldset disabled>" not in open_
        assert "Saving ends an activation" in open_
        answer = await client.post(address, data=await form(wing, value="3"))
        assert answer.status_code == 303
        assert "3 systems currently reporting" in (await client.get("/notifications")).text


async def test_sensors_are_found_added_and_removed_and_nothing_typed_is_lost(wing: Wing) -> None:
    async with wing.console() as client:
        found = await client.post(
            "/notifications/new", data=await form(wing, do="search", search="retransmission")
        )
        assert f'value="add:{RETRANSMIT}"' in found.text
        assert f'value="add:{HANG}"' not in found.text
        added = await client.post("/notifications/new", data=await form(wing, do=f"add:{RETRANSMIT}"))
        assert added.status_code == 200
        assert f'name="sensor" value="{RETRANSMIT}"' in added.text
        for kept in ("Teams &amp; calls", "Many hang", 'value="teams.exe"', 'value="2"'):
            assert kept in added.text
        both = {"sensor": [HANG, RETRANSMIT], "instance": ["teams.exe", ""]}
        removed = await client.post("/notifications/new", data=await form(wing, do="remove:0", **both))
        assert f'name="sensor" value="{RETRANSMIT}"' in removed.text
        assert f'name="sensor" value="{HANG}"' not in removed.text
        category = await client.post(
            "/notifications/new", data=await form(wing, do="category:Network and Wi-Fi")
        )
        assert "<strong>Network and Wi-Fi</strong>" in category.text
        assert (await wing.client.get("/api/v1/notifications")).json() == {"notifications": []}


async def test_the_preview_counts_what_is_true_right_now(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c")
    await wing.trigger(hang(ids["a"]), hang(ids["b"]))
    async with wing.console() as client:
        page = (await client.post("/notifications/new", data=await form(wing, do="preview", name=""))).text
        assert (
            "would count <strong>2</strong> of <strong>2</strong> reporting systems (3 in the group)" in page
        )
        assert "Would activate" in page
        page = (await client.post("/notifications/new", data=await form(wing, do="preview", value="3"))).text
        assert "Below threshold" in page
        page = (await client.get("/notifications/new")).text
        assert "says how many systems would count" in page
        assert f'<option value="{await wing.everything()}"' in page


async def test_faults_stand_at_their_fields(wing: Wing) -> None:
    async with wing.console() as client:
        answer = await client.post(
            "/notifications/new", data=await form(wing, name="", value="half", sensor=[])
        )
        assert answer.status_code == 422
        for link in ('href="#name"', 'href="#value"', 'href="#picker"'):
            assert link in answer.text
        assert "The number of systems is a whole number, 1 or more." in answer.text


async def test_a_viewer_looks_and_changes_nothing(wing: Wing) -> None:
    notification = await wing.notify()
    async with wing.console(Role.VIEWER) as viewer:
        assert "Create notification" not in (await viewer.get("/notifications")).text
        locked = (await viewer.get(f"/notifications/{notification}?edit=1")).text
        assert "<fieldset disabled>" in locked
        for address in ("new", notification, f"{notification}/delete"):
            answer = await viewer.post(f"/notifications/{address}", data=await form(wing))
            assert answer.status_code == 403


async def test_deleted_from_its_page(wing: Wing) -> None:
    notification = await wing.notify()
    async with wing.console() as client:
        assert (await client.post(f"/notifications/{notification}/delete")).status_code == 303
        assert (await client.get(f"/notifications/{notification}")).status_code == 404


async def test_assigned_from_the_recipients_tab_with_a_warning_for_what_tells_nobody(wing: Wing) -> None:
    recipient = await wing.recipient("http://127.0.0.1:9/hook")
    notification = await wing.notify(recipients=[recipient])
    address = f"/recipients/{recipient}/notifications"
    async with wing.console() as client:
        page = (await client.get(address)).text
        assert "Only this recipient is told" in page
        assert "Change Assigned Notifications" in page
        asked = await client.post(address, data={})
        assert "Nobody else is told" in asked.text
        assert "Save anyway" in asked.text
        read = await wing.client.get(f"/api/v1/recipients/{recipient}")
        assert read.json()["notifications_assigned"] == 1, "asked first, nothing is saved"
        assert (await client.post(address, data={"anyway": "true"})).status_code == 303
        assert "These now tell nobody: Teams quality incident." in (await client.get("/recipients")).text
        assert "Assign Notifications" in (await client.get(address)).text
        await client.post(address, data={"notification": [notification]})
        tab = (await client.get("/recipients")).text
        assert 'title="Teams quality incident"' in tab
        assert f'<a href="/notifications/{notification}"><bdi>Teams quality incident</bdi></a>' in tab
        read = await wing.client.get(f"/api/v1/recipients/{recipient}")
        assert read.json()["notifications_assigned"] == 1
