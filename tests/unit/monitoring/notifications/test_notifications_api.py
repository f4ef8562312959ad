"""Notifications over the API: saved, read, changed, previewed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from tests.unit.monitoring.activations.world import HANG, RETRANSMIT, Wing, hang, open_wing

pytestmark = pytest.mark.stores

ADDRESS = "/api/v1/notifications"


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


async def test_what_was_saved_is_read_back_and_can_be_saved_again(wing: Wing) -> None:
    await wing.put("a")
    recipient = await wing.recipient("http://127.0.0.1:9/hook")
    sensors: list[str | tuple[str, str]] = [RETRANSMIT, (HANG, "msedge.exe")]
    given = await wing.draft(sensors, "percentage", 12.5, recipients=[recipient], hold_seconds=60)
    saved = (await wing.client.post(ADDRESS, json=given)).json()
    read = (await wing.client.get(f"{ADDRESS}/{saved['notification_id']}")).json()
    assert read == saved
    assert read["sensors"] == given["sensors"]
    assert read["activation"] == {"option": "percentage", "value": 12.5, "minimum": 5, "hold_seconds": 60}
    assert (read["threshold_text"], read["group_name"], read["revision"]) == (
        "12.5% of systems currently reporting",
        "All Systems",
        1,
    )
    again = (await wing.client.put(f"{ADDRESS}/{saved['notification_id']}", json=read)).json()
    assert again["revision"] == 2
    changed = {"revision", "modified_at"}
    assert {key: again[key] for key in again if key not in changed} == {
        key: read[key] for key in read if key not in changed
    }


async def test_saving_warns_of_nobody_to_tell_and_of_an_empty_group(wing: Wing) -> None:
    empty = await wing.group("Nobody")
    saved = (await wing.client.post(ADDRESS, json=await wing.draft(group=empty))).json()
    assert saved["warnings"] == ["no_recipients", "group_empty"]


async def test_faults_are_named_by_field(wing: Wing) -> None:
    given = await wing.draft(["No Such Sensor"], "number", 0)
    answer = await wing.client.post(ADDRESS, json=given | {"name": ""})
    assert answer.status_code == 422
    assert [problem["where"] for problem in answer.json()["errors"]] == [
        "name",
        "sensors",
        "activation.value",
    ]
    assert "'No Such Sensor'" in answer.json()["detail"]


async def test_the_preview_counts_what_is_true_now_and_says_why_not(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c", "d")
    notification = await wing.notify(option="number", value=3)
    await wing.trigger(hang(ids["a"]), hang(ids["b"]))
    preview = await wing.client.get(f"{ADDRESS}/{notification}/preview")
    assert preview.json() == {
        "count": 2,
        "of": 2,
        "members": 4,
        "would_activate": False,
        "reason": "below_threshold",
        "in_hours": True,
    }
    draft = await wing.draft(option="percentage", value=50) | {"name": ""}
    preview = await wing.client.post(f"{ADDRESS}/preview", json=draft)
    assert (preview.json()["would_activate"], preview.json()["reason"]) == (False, "below_minimum")
    draft = await wing.draft(option="number", value=2)
    preview = await wing.client.post(f"{ADDRESS}/preview", json=draft)
    assert (preview.json()["would_activate"], preview.json()["reason"]) == (True, "met")


async def test_another_tenants_notification_is_not_found_and_its_things_cannot_be_used(wing: Wing) -> None:
    recipient = await wing.recipient("http://127.0.0.1:9/hook")
    notification = await wing.notify()
    group = await wing.group("Sales")
    async with open_wing(wing.ports.db, wing.clock) as other:
        address = f"{ADDRESS}/{notification}"
        given = await other.draft()
        assert (await other.client.get(address)).status_code == 404
        assert (await other.client.put(address, json=given)).status_code == 404
        assert (await other.client.delete(address)).status_code == 404
        assert (await other.client.get(f"{address}/preview")).status_code == 404
        stolen = await other.draft(group=group, recipients=[recipient])
        answer = await other.client.post(ADDRESS, json=stolen)
        assert [problem["where"] for problem in answer.json()["errors"]] == ["group", "recipients"]
        mine = await other.recipient("http://127.0.0.1:9/hook")
        taken = {"notifications": [notification]}
        await other.client.put(f"/api/v1/recipients/{mine}/notifications", json=taken)
        assert (await other.client.get(f"/api/v1/recipients/{mine}")).json()["notifications_assigned"] == 0


async def test_a_group_in_use_is_not_deleted_and_the_reason_names_the_notification(wing: Wing) -> None:
    ids = await wing.put("a")
    group = await wing.group("Sales", ids["a"])
    notification = await wing.notify(group=group)
    name = (await wing.client.get(f"{ADDRESS}/{notification}")).json()["name"]
    refused = await wing.client.delete(f"/api/v1/groups/{group}")
    assert (refused.status_code, refused.json()["reason"], refused.json()["what"]) == (409, "in_use", [name])
    await wing.decide()
    await wing.trigger(hang(ids["a"]))
    assert len(await wing.activations()) == 1
    assert (await wing.client.delete(f"{ADDRESS}/{notification}")).status_code == 204
    assert (await wing.client.delete(f"/api/v1/groups/{group}")).status_code == 204
