"""An activation from the first sensor state to its end, over the API, on a real evaluator and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, text

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.monitoring.activations import Decider
from opulse.monitoring.sensors import Evaluator
from tests.unit.monitoring.activations.world import (
    HANG,
    REBOOT,
    RETRANSMIT,
    Wing,
    calm,
    hang,
    open_wing,
)
from tests.unit.monitoring.sensors.world import on

pytestmark = pytest.mark.stores


@pytest.fixture
async def wing(db: Database, clock: ManualClock) -> AsyncIterator[Wing]:
    async with open_wing(db, clock) as made:
        yield made


async def test_check_3_two_sensors_on_two_systems_do_not_activate_both_on_one_do(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    await wing.notify([HANG, RETRANSMIT])
    await wing.trigger(hang(ids["a"]), on(ids["b"], RETRANSMIT))
    assert await wing.activations() == []
    await wing.trigger(on(ids["a"], RETRANSMIT))
    (activation,) = await wing.activations()
    assert activation["state"] == "active"
    assert activation["systems"] == {"at_activation": 1, "now": 1, "ever": 1}
    assert await wing.affected(activation["activation_id"], "atactivation") == ["a"]


async def test_check_4_a_percentage_counts_the_reporting_members_only(wing: Wing) -> None:
    """60 members, 50 report: 24 % is 12 of them."""
    names = [f"s{number:02}" for number in range(60)]
    ids = await wing.put(*names)
    await wing.notify([HANG], "percentage", 24)
    await wing.trigger(*[on(ids[name], RETRANSMIT) for name in names[:50]])
    await wing.trigger(*[hang(ids[name]) for name in names[:11]])
    assert await wing.activations() == []
    await wing.trigger(hang(ids[names[11]]))
    (activation,) = await wing.activations()
    assert activation["systems"]["at_activation"] == 12
    assert activation["reporting_at_activation"] == 50


async def test_it_opens_once_and_grows_while_it_is_open(wing: Wing) -> None:
    ids = await wing.put("a", "b", "c", "d")
    await wing.notify([HANG], "number", 2)
    await wing.trigger(hang(ids["a"]), hang(ids["b"]))
    await wing.trigger(hang(ids["c"]), calm(ids["a"]))
    await wing.trigger(hang(ids["d"]))
    (activation,) = await wing.activations()
    assert activation["systems"] == {"at_activation": 2, "now": 3, "ever": 4}
    id_ = activation["activation_id"]
    assert await wing.affected(id_, "atactivation") == ["a", "b"]
    assert await wing.affected(id_, "currentlyaffected") == ["b", "c", "d"]


async def test_it_resolves_by_itself_after_the_clear_delay_and_can_open_again(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    await wing.trigger(calm(ids["a"]))
    await wing.wait(14 * 60, ids["a"])
    assert [found["state"] for found in await wing.activations()] == ["active"]
    await wing.wait(2 * 60, ids["a"])
    (activation,) = await wing.activations()
    assert (activation["state"], activation["resolution"]) == ("resolved", "auto")
    await wing.trigger(hang(ids["a"]))
    assert [found["state"] for found in await wing.activations()] == ["active", "resolved"]


async def test_a_system_that_falls_silent_stops_counting_without_an_event(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    await wing.notify([HANG], "number", 2)
    await wing.trigger(hang(ids["a"]), hang(ids["b"]))
    await wing.wait(17 * 60, ids["a"])
    (activation,) = await wing.activations()
    assert activation["systems"]["now"] == 1
    await wing.wait(16 * 60, ids["a"])
    assert [found["resolution"] for found in await wing.activations()] == ["auto"]


async def test_a_chosen_instance_must_be_the_one_that_is_triggered(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify([(HANG, "MSEDGE.EXE")])
    await wing.trigger(hang(ids["a"], "teams.exe"))
    assert await wing.activations() == []
    await wing.trigger(hang(ids["a"], "msedge.exe"))
    assert len(await wing.activations()) == 1


async def test_only_members_of_the_group_count(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    sales = await wing.group("Sales", ids["a"])
    await wing.notify(group=sales)
    await wing.trigger(hang(ids["b"]))
    assert await wing.activations() == []
    await wing.client.put(f"/api/v1/groups/{sales}/members", json={"add": [ids["b"]], "remove": []})
    await wing.decide()
    (activation,) = await wing.activations()
    assert activation["group_name"] == "Sales"


async def test_hold_opens_on_a_tick_without_a_further_event(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify(hold_seconds=120)
    await wing.trigger(hang(ids["a"]))
    await wing.wait(119, ids["a"])
    assert await wing.activations() == []
    await wing.wait(60, ids["a"])
    assert len(await wing.activations()) == 1


async def test_check_7_the_second_address_freezes_at_dismissal_and_the_first_never_changes(
    wing: Wing,
) -> None:
    ids = await wing.put("a", "b", "c")
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    await wing.trigger(hang(ids["b"]))
    (activation,) = await wing.activations()
    id_ = activation["activation_id"]
    answer = await wing.client.post(f"/api/v1/activations/{id_}/dismiss")
    assert (answer.json()["state"], answer.json()["resolution"]) == ("dismissed", "manual")
    await wing.trigger(hang(ids["c"]), calm(ids["a"]), calm(ids["b"]))
    await wing.decide()
    assert await wing.affected(id_, "atactivation") == ["a"]
    assert await wing.affected(id_, "currentlyaffected") == ["a", "b"]
    assert len(await wing.activations()) == 1, "suppressed until it was below once"


async def test_after_a_dismissal_it_fires_again_once_it_was_below(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    (first,) = await wing.activations()
    await wing.client.post(f"/api/v1/activations/{first['activation_id']}/dismiss")
    await wing.decide()
    await wing.trigger(calm(ids["a"]))
    await wing.trigger(hang(ids["a"]))
    second, _ = await wing.activations()
    assert second["state"] == "active"
    assert second["activation_id"] != first["activation_id"]


async def test_after_a_dismissal_it_fires_again_after_the_rearm_time(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    (first,) = await wing.activations()
    await wing.client.post(f"/api/v1/activations/{first['activation_id']}/resolve")
    await wing.wait(239 * 60, ids["a"])
    assert len(await wing.activations()) == 1
    await wing.wait(2 * 60, ids["a"])
    assert [found["state"] for found in await wing.activations()] == ["active", "resolved"]


async def test_dismissing_twice_keeps_the_first_end(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.trigger(hang(ids["a"]))
    (activation,) = await wing.activations()
    address = f"/api/v1/activations/{activation['activation_id']}"
    first = (await wing.client.post(f"{address}/dismiss")).json()
    wing.clock.advance(60)
    assert (await wing.client.post(f"{address}/resolve")).json() == first


async def test_check_6_editing_dismisses_and_assigning_from_the_recipients_tab_does_not(wing: Wing) -> None:
    ids = await wing.put("a")
    recipient = await wing.recipient("http://127.0.0.1:9/hook")
    notification = await wing.notify()
    await wing.trigger(hang(ids["a"]))
    (first,) = await wing.activations()

    assigned = f"/api/v1/recipients/{recipient}/notifications"
    answer = await wing.client.put(assigned, json={"notifications": [notification]})
    assert answer.json() == {"without_recipients": []}
    await wing.work()
    await wing.decide()
    assert [found["state"] for found in await wing.activations()] == ["active"]
    answer = await wing.client.put(assigned, json={"notifications": []})
    assert answer.json() == {"without_recipients": ["Teams quality incident"]}

    edited = await wing.draft(recipients=[recipient])
    await wing.client.put(f"/api/v1/notifications/{notification}", json=edited)
    await wing.work()
    (dismissed,) = await wing.activations()
    assert dismissed["activation_id"] == first["activation_id"]
    assert (dismissed["state"], dismissed["resolution"]) == ("dismissed", "edited")
    await wing.decide()
    second, _ = await wing.activations()
    assert second["state"] == "active", "after an edit the condition is decided as new"


async def test_an_edit_is_seen_by_the_decider_even_before_its_job_ran(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    notification = await wing.notify()
    await wing.trigger(hang(ids["a"]))
    edited = await wing.draft(option="number", value=2)
    await wing.client.put(f"/api/v1/notifications/{notification}", json=edited)
    await wing.trigger(hang(ids["b"]))
    assert [found["resolution"] for found in await wing.activations()] == ["edited"]
    await wing.decide()
    second, _ = await wing.activations()
    assert second["threshold_text"] == "2 systems currently reporting"


async def test_deleting_a_notification_ends_its_activation(wing: Wing) -> None:
    ids = await wing.put("a")
    notification = await wing.notify()
    await wing.trigger(hang(ids["a"]))
    assert (await wing.client.delete(f"/api/v1/notifications/{notification}")).status_code == 204
    await wing.work()
    (activation,) = await wing.activations()
    assert (activation["state"], activation["resolution"]) == ("dismissed", "deleted")
    await wing.trigger(hang(ids["a"], "other.exe"))
    assert len(await wing.activations()) == 1


async def test_switched_off_it_never_opens(wing: Wing) -> None:
    ids = await wing.put("a")
    given = await wing.draft() | {"enabled": False}
    await wing.client.post("/api/v1/notifications", json=given)
    await wing.decide()
    await wing.trigger(hang(ids["a"]))
    assert await wing.activations() == []


async def test_a_restart_opens_nothing_twice_and_loses_nothing(wing: Wing) -> None:
    """The process dies after the journal, before the decision: the next one decides it. Then it decides nothing again."""
    ids = await wing.put("a")
    await wing.notify()
    await wing.send("crash", 99, [hang(ids["a"])])
    assert await wing.activations() == []
    for _ in range(2):
        evaluator = Evaluator(wing.ports.db, wing.clock, wing.ports.limits)
        await evaluator.load()
        await Decider(wing.ports, evaluator).decide_all()
        wing.clock.advance(1)
        assert [found["state"] for found in await wing.activations()] == ["active"]


async def test_a_decider_that_lags_behind_decides_nothing_at_or_below_what_was_decided(wing: Wing) -> None:
    """It still sees the incident that another has opened and resolved since; mailing everybody again would be the harm."""
    ids = await wing.put("a")
    await wing.notify()
    await wing.send("on", 50, [hang(ids["a"])])
    lagging = Evaluator(wing.ports.db, wing.clock, wing.ports.limits)
    await lagging.load()
    await wing.decider.decide_touched()
    wing.batch = 60
    await wing.trigger(calm(ids["a"]))
    await wing.wait(16 * 60, ids["a"])
    assert [found["state"] for found in await wing.activations()] == ["resolved"]

    late = Decider(wing.ports, lagging)
    await late.decide_all()
    assert [found["state"] for found in await wing.activations()] == ["resolved"]


async def test_nothing_resolves_while_reporting_is_frozen_after_a_start(wing: Wing) -> None:
    ids = await wing.put("a", "b")
    await wing.notify([HANG], "number", 2)
    await wing.trigger(hang(ids["a"]), hang(ids["b"]))
    await wing.evaluator.write_snapshots()
    wing.clock.advance(3600)

    evaluator = Evaluator(wing.ports.db, wing.clock, wing.ports.limits)
    await evaluator.load()
    wing.evaluator, wing.decider = evaluator, Decider(wing.ports, evaluator)
    await wing.decider.decide_all()
    await wing.trigger(calm(ids["a"]))
    await wing.wait(14 * 60)
    assert [found["state"] for found in await wing.activations()] == ["active"]


async def seen(wing: Wing) -> list[str]:
    """States of the activations, once there is one; empty after ten seconds."""
    for _ in range(500):
        if found := await wing.activations():
            return [each["state"] for each in found]
        await asyncio.sleep(0.02)
    return []


async def test_a_running_decider_opens_on_the_event_itself(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.decider.start()
    try:
        await wing.send("now", 70, [hang(ids["a"])])
        assert await seen(wing) == ["active"]
    finally:
        await wing.decider.stop()


async def test_a_running_decider_opens_when_a_system_reports_again(wing: Wing) -> None:
    """No sensor was touched: who reports changed."""
    ids = await wing.put("a")
    await wing.send("1", 1, [hang(ids["a"])])
    wing.clock.advance(16 * 60)
    wing.evaluator.tick()
    await wing.notify()
    await wing.decider.start()
    try:
        assert await wing.activations() == []
        await wing.send("2", 2, [], heartbeat=[ids["a"]])
        assert await seen(wing) == ["active"]
    finally:
        await wing.decider.stop()


async def test_members_that_are_put_in_are_decided(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.trigger(hang(ids["a"]))
    group = await wing.group("North")
    await wing.notify(group=group)
    await wing.decide()
    assert await wing.activations() == []
    await wing.client.put(f"/api/v1/groups/{group}/members", json={"add": [ids["a"]], "remove": []})
    await wing.evaluator.follow(wing.tenant)
    wing.clock.advance(1)
    await wing.decider.decide_touched()
    assert [found["state"] for found in await wing.activations()] == ["active"]


async def test_a_running_decider_outlives_a_database_that_fails(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()

    def rename(conn: Connection, one: str, other: str) -> None:
        conn.execute(text(f"ALTER TABLE {one} RENAME TO {other}"))

    await wing.decider.start()
    try:
        await wing.ports.db.write(rename, "activation_watches", "gone")
        await wing.send("now", 70, [hang(ids["a"])])
        await asyncio.sleep(0.2)
        await wing.ports.db.write(rename, "gone", "activation_watches")
        assert await seen(wing) == ["active"]
    finally:
        await wing.decider.stop()


async def test_sensors_that_nothing_watches_cost_nothing(wing: Wing) -> None:
    ids = await wing.put("a")
    await wing.notify()
    await wing.trigger(on(ids["a"], REBOOT))
    assert await wing.activations() == []
