"""What a notification may ask for beyond the guide: some of its sensors, hours, a cool-down; and systems under maintenance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from tests.unit.monitoring.activations.world import HANG, REBOOT, RETRANSMIT, Wing, calm, hang, open_wing
from tests.unit.monitoring.sensors.world import off, on

pytestmark = pytest.mark.stores
THREE = (HANG, RETRANSMIT, REBOOT)


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


async def test_two_of_three_sensors(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    await wing.notify(THREE, also={"needed_sensors": 2})
    await wing.trigger(hang(ids["a"]), on(ids["b"], RETRANSMIT))
    assert await wing.activations() == []
    await wing.trigger(on(ids["a"], REBOOT))
    (activation,) = await wing.activations()
    assert await wing.affected(activation["activation_id"], "atactivation") == ["a"]
    await wing.trigger(off(ids["a"], REBOOT), on(ids["a"], RETRANSMIT), hang(ids["b"]))
    (activation,) = await wing.activations()
    assert activation["systems"]["now"] == 2, "another two of the three count as well"


async def test_any_of_three_sensors(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify(THREE, also={"needed_sensors": 1})
    await wing.trigger(on(ids["a"], REBOOT))
    assert len(await wing.activations()) == 1


@pytest.mark.parametrize("needed", [0, 4])
async def test_no_more_sensors_can_be_asked_for_than_there_are(wing: Wing, needed: int) -> None:
    draft = await wing.draft(THREE) | {"needed_sensors": needed}
    answer = await wing.client.post("/api/v1/notifications", json=draft)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["where"], error["reason"]) == ("needed_sensors", "needed_invalid")


async def test_outside_of_its_hours_it_waits_and_activates_when_they_begin(wing: Wing) -> None:
    """The test's clock starts on a Monday at noon, UTC: 13:00 in Berlin, 21:00 in Tokyo."""
    ids = await wing.put("a")
    tokyo = {"schedule": {"preset": "12x5", "zone": "Asia/Tokyo"}}
    notification = await wing.notify(also=tokyo)
    await wing.trigger(hang(ids["a"]))
    assert await wing.activations() == []
    preview = (await wing.client.get(f"/api/v1/notifications/{notification}/preview")).json()
    assert (preview["count"], preview["in_hours"], preview["would_activate"]) == (1, False, False)
    await wing.wait(9.9 * 3600, ids["a"])
    assert await wing.activations() == []
    await wing.wait(0.2 * 3600, ids["a"])  # 07:00 in Tokyo is 22:00 UTC
    assert len(await wing.activations()) == 1


async def test_never_counts_and_never_activates(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify(also={"schedule": {"preset": "never"}})
    await wing.trigger(hang(ids["a"]))
    await wing.wait(600, ids["a"])
    assert await wing.activations() == []


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [({"preset": "12x5", "zone": "Berlin"}, "zone_unknown"), ({"preset": "always", "zone": "UTC"}, "")],
)
async def test_unknown_zones_and_presets_are_refused(
    wing: Wing, schedule: dict[str, str], reason: str
) -> None:
    answer = await wing.client.post("/api/v1/notifications", json=await wing.draft() | {"schedule": schedule})
    assert answer.status_code == 422
    assert reason in [error.get("reason", "") for error in answer.json()["errors"]]


async def test_after_an_activation_none_begins_within_the_cool_down(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify(also={"cool_down_seconds": 3600})
    await wing.trigger(hang(ids["a"]))
    (first,) = await wing.activations()
    await wing.client.post(f"/api/v1/activations/{first['activation_id']}/dismiss")
    await wing.trigger(calm(ids["a"]))
    await wing.trigger(hang(ids["a"]))
    await wing.wait(59 * 60, ids["a"])
    assert len(await wing.activations()) == 1
    await wing.wait(2 * 60, ids["a"])
    assert [found["state"] for found in await wing.activations()] == ["active", "dismissed"]


async def test_the_cool_down_counts_from_the_end_and_an_edit_ends_it(wing: Wing) -> None:
    ids = await wing.put("a")
    notification = await wing.notify(also={"cool_down_seconds": 3600})
    await wing.trigger(hang(ids["a"]))
    await wing.trigger(calm(ids["a"]))
    await wing.wait(17 * 60, ids["a"])
    assert [found["resolution"] for found in await wing.activations()] == ["auto"]
    await wing.trigger(hang(ids["a"]))
    assert len(await wing.activations()) == 1
    draft = await wing.draft() | {"cool_down_seconds": 7200}
    await wing.client.put(f"/api/v1/notifications/{notification}", json=draft)
    await wing.decide()
    assert len(await wing.activations()) == 1, "no activation was ended by this edit"
    await wing.wait(100 * 60, ids["a"])
    assert len(await wing.activations()) == 1
    await wing.wait(30 * 60, ids["a"])
    assert len(await wing.activations()) == 2


async def plan(wing: Wing, group: str, minutes: float, **more: Any) -> str:
    now = wing.clock.now()
    body = {
        "name": "Patches",
        "group_id": group,
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(minutes=minutes)).isoformat(),
        **more,
    }
    answer = await wing.client.post("/api/v1/maintenance-windows", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["window_id"])


async def test_systems_under_maintenance_are_neither_affected_nor_reporting(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c", "d")
    sales = await wing.group("Sales", ids["a"], ids["b"])
    notification = await wing.notify([HANG], "percentage", 50, minimum=1)
    hidden = f"/api/v1/maintenance-windows/preview?group_id={sales}"
    await wing.trigger(on(ids["c"], RETRANSMIT), on(ids["d"], RETRANSMIT), hang(ids["a"]))
    assert (await wing.client.get(hidden)).json()["hidden"] == [
        {
            "notification_id": notification,
            "name": "Teams quality incident",
            "is_open": False,
            "count": 1,
            "count_then": 0,
        }
    ]
    await plan(wing, sales, 60)
    await wing.decide()
    await wing.trigger(hang(ids["b"]))
    assert await wing.activations() == [], "2 of 4 hang, but both are being worked on"
    await wing.trigger(hang(ids["c"]))
    (activation,) = await wing.activations()
    assert await wing.affected(activation["activation_id"], "atactivation") == ["c"]
    assert activation["reporting_at_activation"] == 2
    await wing.wait(62 * 60, *ids.values())
    (activation,) = await wing.activations()
    assert activation["systems"]["now"] == 3, "the window is over, and their sensors are still triggered"


async def test_a_window_that_is_ended_early_counts_no_more(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    window = await plan(wing, await wing.everything(), 60)
    await wing.decide()
    await wing.trigger(hang(ids["a"]))
    assert await wing.activations() == []
    assert (await wing.client.delete(f"/api/v1/maintenance-windows/{window}")).status_code == 204
    await wing.decide()
    assert len(await wing.activations()) == 1
    assert (await wing.client.get("/api/v1/maintenance-windows")).json() == {"windows": []}
    assert (await wing.client.delete(f"/api/v1/maintenance-windows/{window}")).status_code == 404


async def test_the_decider_looks_when_a_window_is_planned_or_ended(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.decider.start()
    try:
        await wing.trigger(hang(ids["a"]))
        (activation,) = await wing.activations()
        wing.clock.advance(1)
        await plan(wing, await wing.everything(), 60)
        await wing.until_now(activation["activation_id"], 0)
    finally:
        await wing.decider.stop()
