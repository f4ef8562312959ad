"""Blocks of conditions between tasks, waits that check again, holds: each evaluated on sets, with traces, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory.views import change_groups
from opulse.experience.workflows.flow.holding import add_hold, end_hold
from opulse.experience.workflows.views import traces
from tests.unit.experience.extensions.cloud import estate
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores
OTHER = "a0000000-0000-4000-8000-000000000002"


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.set_rules()
        await opened.receive()
        opened.cloud.systems = estate(4)
        yield opened


def line(field: str, operator: str, operand: Any = "", side: str = "current") -> dict[str, Any]:
    return {"field": field, "operator": operator, "operand": operand, "side": side}


def block(*lines: dict[str, Any], **task: Any) -> dict[str, Any]:
    group = {"mode": "all", "items": list(lines)}
    return {"id": "block", "type": "conditions", "form": {"conditions": group}, **task}


async def put_before(pulse: Pulse, task: dict[str, Any], name: str = "ask") -> None:
    """Insert ``task`` before the workflow's tasks."""
    workflow = pulse.workflows[name]
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    document["tasks"] = [task, *document["tasks"]]
    await pulse.api("PUT", f"/workflows/{workflow}", document)


async def test_a_block_lets_through_those_for_whom_it_holds(pulse: Pulse) -> None:
    await pulse.people("p0", "p1", site="Oslo")
    await pulse.people("p2", "p3", site="Lima")
    await pulse.listen()
    await put_before(pulse, block(line("site", "matches_regex", "^(?i)o") | {"operand": "(?i)^o"}))
    await pulse.activate()
    assert set(await pulse.asked()) == {"p0@example.org", "p1@example.org"}
    [run] = await pulse.runs()
    tasks = {task["task"]: task for task in (await pulse.run(run["id"]))["tasks"]}
    assert tasks["block"]["output"]["contacts"] == 2
    assert tasks["block"]["output"]["of"] == 4
    kept = [row for row in await pulse.rows(traces) if row["change_set"] == f"{run['id']}/block"]
    assert {(row["matched"], row["count"]) for row in kept} == {(True, 2), (False, 2)}


async def test_where_a_block_holds_for_nobody_nothing_is_done_and_the_history_says_so(pulse: Pulse) -> None:
    await pulse.people("p0", site="Oslo")
    await pulse.listen()
    await put_before(pulse, block(line("site", "is_equal_to", "Lima")))
    await pulse.activate()
    assert await pulse.asked() == {}
    [run] = await pulse.runs()
    assert run["state"] == "conditions_not_met"
    states = {task["task"]: task["state"] for task in (await pulse.run(run["id"]))["tasks"]}
    assert states.pop("block") == "succeeded"
    assert set(states.values()) == {"skipped"}


async def test_many_groups_are_told_apart_only_by_what_is_read(pulse: Pulse) -> None:
    """One workflow reads the address, so every person is a group; the other reads lastAlarm, and has one set of values."""
    names = [f"p{number}" for number in range(12)]
    await pulse.people(*names)
    pulse.cloud.systems = estate(12)
    alarmed = line("lastAlarm", "contains", "Disk Full")
    reads_all = {"items": [alarmed, line("Email", "ends_with", "7@example.org")]}
    await pulse.listen("single", conditions=reads_all)
    await pulse.listen("all")
    await pulse.activate()
    assert len(await pulse.rows(change_groups)) >= 12
    assert [run["contacts"] for run in await pulse.runs("single")] == [1]
    assert sum(run["contacts"] for run in await pulse.runs("all")) == 12
    assert sum(trace["count"] for trace in await pulse.traces("all")) == 12, (
        "a trace for every person's group"
    )


async def test_wait_and_check_again_reads_the_values_of_that_moment(pulse: Pulse) -> None:
    await pulse.people("p0", "p1", state="waiting")
    await pulse.listen()
    form = {
        "amount": "2",
        "unit": "hours",
        "conditions": block(line("state", "is_not_equal_to", "fixed"))["form"]["conditions"],
    }
    await put_before(pulse, {"id": "wait", "type": "wait", "form": form})
    await pulse.activate()
    [run] = await pulse.runs()
    assert run["state"] == "running"
    [waiting] = (await pulse.run(run["id"]))["tasks"]
    assert waiting["error"].startswith("waits until ")
    await pulse.edit("p0", embedded_data={"state": "fixed"})
    await pulse.wait(3600)
    assert await pulse.asked() == {}
    await pulse.wait(3700)
    assert await pulse.asked() == {"p1@example.org": 1}
    [run] = await pulse.runs()
    assert run["state"] == "succeeded"
    kept = [row for row in await pulse.rows(traces) if row["change_set"] == f"{run['id']}/wait"]
    values = {(row["trace"]["items"][0]["previous"], row["trace"]["items"][0]["current"]) for row in kept}
    assert values == {("waiting", "fixed"), ("waiting", "waiting")}


async def test_after_a_wait_an_invitation_has_its_whole_time(pulse: Pulse) -> None:
    """Not sent later than 60 minutes counts from the end of the wait, not from the event."""
    await pulse.people("p0")
    await pulse.listen(send_by_minutes="30")
    await put_before(pulse, {"id": "wait", "type": "wait", "form": {"amount": "1", "unit": "days"}})
    await pulse.activate()
    await pulse.wait(timedelta(days=1).total_seconds() + 60)
    assert await pulse.asked() == {"p0@example.org": 1}
    [run] = await pulse.runs()
    assert run["state"] == "succeeded"


async def test_a_hold_keeps_starts_back_and_loses_nothing(pulse: Pulse) -> None:
    await pulse.people("p0")
    workflow = await pulse.listen()
    hold = await add_hold(pulse.ports, pulse.tenant, workflow, "Change freeze", None, None, "test")
    await pulse.activate()
    [run] = await pulse.runs()
    assert (run["state"], run["reason"]) == ("held", "held until a person ends the hold: Change freeze")
    assert await pulse.asked() == {}
    pulse.clock.advance(7200)
    await end_hold(pulse.ports, pulse.tenant, workflow, hold.id, "test")
    await pulse.work()
    assert await pulse.asked() == {"p0@example.org": 1}
    [run] = await pulse.runs()
    assert (run["state"], run["reason"]) == ("succeeded", "")


async def test_a_hold_with_an_end_ends_by_itself(pulse: Pulse) -> None:
    await pulse.people("p0")
    await pulse.listen()
    now = pulse.clock.now()
    await add_hold(pulse.ports, pulse.tenant, "", "Holidays", None, now + timedelta(hours=5), "test")
    with pytest.raises(ValueError, match="not in the past"):
        await add_hold(pulse.ports, pulse.tenant, "", "x", None, now - timedelta(hours=1), "test")
    first = await pulse.activate()
    assert (await pulse.run(first))["state"] == "held"
    await pulse.wait(5 * 3600 + 1)
    assert (await pulse.run(first))["state"] == "succeeded"
    assert await pulse.asked() == {"p0@example.org": 1}


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (block(), "Conditions: add at least one"),
        (block(line("site", "matches_regex", "(")), "a \\( is not closed"),
        ({"id": "w", "type": "wait", "form": {"amount": "0"}}, "How long is a whole number above 0"),
        ({"id": "w", "type": "wait", "form": {"amount": "31", "unit": "days"}}, "at most 30 days"),
        (
            {"id": "w", "type": "wait", "form": {"amount": "1", "conditions": {"items": [{"field": "x"}]}}},
            "operator",
        ),
    ],
)
async def test_a_block_that_could_not_work_is_not_saved(
    pulse: Pulse, task: dict[str, Any], words: str
) -> None:
    await pulse.listen()
    with pytest.raises(AssertionError, match=words):
        await put_before(pulse, task)
