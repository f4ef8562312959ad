"""Workflows from change to run: who listens, which groups match, what the history keeps, and what is not saved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from opulse.bootstrap.app import make_app
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.directory import watched_fields_in
from opulse.experience.workflows.flow import carrying
from opulse.experience.workflows.jobs import on_run_started
from opulse.experience.workflows.rules.fields import resolve_form
from opulse.experience.workflows.store.definitions import find_revision
from opulse.experience.workflows.views import runs, task_runs
from opulse.jobs import Job, JobEnd
from opulse.jobs.claiming import claim_due
from opulse.jobs.table import jobs
from tests.servers.installation import browse, make_tenant
from tests.unit.experience.extensions.cloud import estate
from tests.unit.experience.extensions.pulse import Pulse, open_pulse

pytestmark = pytest.mark.stores


@pytest.fixture
async def pulse(db: Database, clock: ManualClock) -> AsyncIterator[Pulse]:
    async with open_pulse(db, clock) as opened:
        await opened.set_rules()
        await opened.receive()
        opened.cloud.systems = estate(4)
        yield opened


def contains(field: str, *operands: str) -> dict[str, Any]:
    return {"items": [{"field": field, "operator": "contains", "operand": operand} for operand in operands]}


async def test_only_the_groups_whose_conditions_hold_are_asked(pulse: Pulse) -> None:
    await pulse.people("p0", "p1", site="Oslo")
    await pulse.people("p2", site="Lima")
    await pulse.people("p3")
    lines = contains("lastAlarm", "Disk Full")["items"] + [
        {"field": "site", "operator": "is_equal_to", "operand": "oslo"}
    ]
    await pulse.listen(conditions={"mode": "all", "items": lines})
    await pulse.activate()
    assert set(await pulse.asked()) == {"p0@example.org", "p1@example.org"}
    [run] = await pulse.runs()
    assert (run["contacts"], run["state"]) == (2, "succeeded")
    counts = {(trace["matched"], trace["count"]) for trace in await pulse.traces()}
    assert counts == {(True, 2), (False, 1)}
    assert len(await pulse.traces()) == 3, "one per group of people alike, not one per person"


async def test_a_change_of_many_people_counts_as_one_run(db: Database, clock: ManualClock) -> None:
    """spine.md 5: a change set is one run, here with 40 people of two groups (one page of affected systems)."""
    async with open_pulse(db, clock, runs_per_day=3) as pulse:
        await pulse.set_rules()
        await pulse.receive()
        await pulse.people(*(f"p{number}" for number in range(20)), site="Oslo")
        await pulse.people(*(f"p{number}" for number in range(20, 40)), site="Lima")
        pulse.cloud.systems = estate(40)
        await pulse.listen()
        await pulse.activate()
        assert len(await pulse.asked()) == 40
        assert sum(trace["count"] for trace in await pulse.traces()) == 40
        posted = [
            await pulse.client.post(pulse.trigger_url, json={"eventId": str(number)}) for number in range(2)
        ]
        assert [answer.status_code for answer in posted] == [202, 429], (
            "the event's run, the change's, one more"
        )


async def test_a_workflow_without_conditions_always_runs(pulse: Pulse) -> None:
    await pulse.people("p0")
    await pulse.listen(conditions={"mode": "all", "items": []})
    await pulse.edit("p0", first_name="Renamed")
    await pulse.work()
    assert len(await pulse.runs()) == 1
    body = {"contacts": [{"email": "new@example.org"}], "raise_events": True}
    await pulse.api("POST", f"/directories/{pulse.directory}/contacts:bulk", body)
    await pulse.work()
    assert set(await pulse.asked()) == {"p0@example.org", "new@example.org"}


@pytest.mark.parametrize(
    ("kinds", "asked"),
    [(("updated",), {"p0@example.org"}), (("created",), {"p1@example.org"}), (("deleted",), set())],
)
async def test_kinds_of_change(pulse: Pulse, kinds: tuple[str, ...], asked: set[str]) -> None:
    await pulse.receive(form={"create_contacts": "true"})
    await pulse.people("p0")
    pulse.cloud.systems = estate(2)
    await pulse.listen(kinds=kinds)
    await pulse.activate()
    assert set(await pulse.asked()) == asked
    assert {trace["why_not"] for trace in await pulse.traces() if not trace["matched"]} <= {"kind"}


async def test_the_previous_side_is_what_was_there_before(pulse: Pulse) -> None:
    await pulse.people("p0")
    first = {"items": [{"field": "lastAlarm", "side": "previous", "operator": "is_empty"}]}
    gained = {"items": [{"field": "lastAlarm", "operator": "gained_member", "operand": "Disk Full"}]}
    await pulse.listen("first", conditions=first)
    await pulse.listen("gained", conditions=gained)
    await pulse.activate(sensors=["Application Hang"])
    assert [len(await pulse.runs(name)) for name in ("first", "gained")] == [1, 0]
    pulse.clock.advance(3600)
    await pulse.activate("a0000000-0000-4000-8000-000000000002", ["Application Hang", "Disk Full"])
    assert [len(await pulse.runs(name)) for name in ("first", "gained")] == [1, 1]


async def test_a_workflow_that_is_off_listens_to_nothing(pulse: Pulse) -> None:
    await pulse.people("p0")
    workflow = await pulse.listen(conditions=contains("lastAlarm", "Disk Full"))
    assert "lastAlarm" in await pulse.ports.db.read(watched_fields_in, pulse.tenant, pulse.directory)
    await pulse.api("POST", f"/workflows/{workflow}/disable", expect=204)
    assert await pulse.ports.db.read(watched_fields_in, pulse.tenant, pulse.directory) == []
    await pulse.activate()
    assert await pulse.runs() == []
    assert await pulse.traces() == []
    await pulse.api("POST", f"/workflows/{workflow}/enable", expect=204)
    pulse.clock.advance(3600)
    await pulse.activate("a0000000-0000-4000-8000-000000000002")
    assert len(await pulse.runs()) == 1


async def test_a_deleted_workflow_runs_no_more_and_a_changed_trigger_leaves_nothing_behind(
    pulse: Pulse,
) -> None:
    await pulse.people("p0")
    workflow = await pulse.listen()
    await pulse.api("DELETE", f"/workflows/{workflow}", expect=204)
    await pulse.api("GET", f"/workflows/{workflow}", expect=404)
    assert await pulse.ports.db.read(watched_fields_in, pulse.tenant, pulse.directory) == []
    other = await pulse.listen("other")
    document = (await pulse.api("GET", f"/workflows/{other}"))["document"]
    document["trigger"] = {"type": "json_event", "form": {"fields": []}}
    await pulse.api("PUT", f"/workflows/{other}", document)
    assert await pulse.ports.db.read(watched_fields_in, pulse.tenant, pulse.directory) == []
    await pulse.activate()
    assert await pulse.asked() == {}


async def test_an_edit_is_a_new_revision_and_a_run_keeps_its_own(pulse: Pulse) -> None:
    await pulse.people("p0")
    workflow = await pulse.listen()
    await pulse.activate()
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    changed = await pulse.api("PUT", f"/workflows/{workflow}", document | {"name": "Renamed"})
    assert changed["revision"] == 2
    [run] = await pulse.runs()
    assert run["revision"] == 1
    names = []
    for revision in (1, 2):
        found = await pulse.ports.db.read(find_revision, pulse.tenant, workflow, revision)
        assert found is not None
        names.append(found.name)
    assert names == ["ask", "Renamed"]


async def test_a_failed_task_and_what_comes_after_it(pulse: Pulse) -> None:
    """*Continue* is the default; with *stop* the tasks that take values from the failed one are not begun, the others are."""
    await pulse.people("p0")
    workflow = await pulse.receive()
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    first = document["tasks"][0]
    broken = first | {"id": "broken", "form": first["form"] | {"systems_url": "${a://Field/missing}"}}
    depends = first | {
        "id": "depends",
        "form": first["form"] | {"sensor_names": "x${t://broken/systems}"},
    }
    document["tasks"] = [broken, depends, first | {"id": "good"}]
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    run = await pulse.run(await pulse.activate())
    assert run["state"] == "partly_failed"
    states = {task["task"]: task["state"] for task in run["tasks"]}
    assert states == {"broken": "failed", "depends": "succeeded", "good": "succeeded"}

    document["settings"]["on_failure"] = "stop"
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    run = await pulse.run(await pulse.activate("a0000000-0000-4000-8000-000000000002"))
    assert run["state"] == "partly_failed"
    states = {task["task"]: (task["state"], task["error"]) for task in run["tasks"]}
    assert states["broken"][0] == "failed"
    assert states["good"][0] == "succeeded"
    assert states["depends"] == (
        "skipped",
        "not begun: a task that it takes values from failed, and this workflow stops its dependents then",
    )


async def test_a_later_task_may_use_what_an_earlier_one_found(pulse: Pulse) -> None:
    await pulse.people("p0", "p1")
    workflow = pulse.workflows["receive"]
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    first = document["tasks"][0]
    later = first | {"id": "later", "form": first["form"] | {"sensor_names": "${t://task1/systems} systems"}}
    document["tasks"] = [first, later]
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    await pulse.activate()
    assert (await pulse.contact("p0"))["embedded_data"]["lastAlarm"] == ["4 systems"]


async def test_runs_are_listed_newest_first_and_a_tenants_own(pulse: Pulse) -> None:
    first = await pulse.activate()
    second = await pulse.activate("a0000000-0000-4000-8000-000000000002")
    assert [run["id"] for run in await pulse.runs("receive")] == [second, first]
    assert len(await pulse.api("GET", f"/workflows/{pulse.workflows['receive']}/runs?limit=1")) == 1
    _, foreign = await make_tenant(pulse.ports, "Other")
    async with browse(make_app(pulse.ports, "experience"), foreign) as client:
        for path in (
            f"/runs/{first}",
            f"/workflows/{pulse.workflows['receive']}",
            f"/workflows/{pulse.workflows['receive']}/runs",
        ):
            assert (await client.get(f"/api/v1{path}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"conditions": contains("lastAlarm", " ")}, "lastAlarm contains: say what"),
        ({"kinds": []}, "tick at least one"),
        ({"kinds": ["renamed"]}, "tick at least one"),
        ({"survey": "SV_unknown"}, "Survey names no published survey"),
        ({"contact_list": "CG_unknown"}, "Contact List names no mailing list"),
        ({"link_type": "Shared"}, "Link Type is one of"),
        ({"first_name": "Everybody"}, "first name is taken from Main Contact Data"),
        ({"from_address": "nobody"}, "From Address is no e-mail address"),
        ({"expires_hours": "2161"}, "Link expires after"),
        ({"expires_hours": "²"}, "Link expires after"),
        ({"send_by_minutes": "0"}, "Not sent later than"),
        ({"embedded_data": "x=1"}, "Embedded data is a list"),
        ({"embedded_data": {"Email": "x"}}, "Embedded data"),
        ({"embedded_data": {"a": {"b": 1}}}, "Embedded data"),
    ],
)
async def test_a_workflow_that_could_not_run_is_not_saved(
    pulse: Pulse, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        await pulse.listen(**changes)
    assert "ask" not in pulse.workflows


async def test_all_problems_are_told_at_once(pulse: Pulse) -> None:
    body = {
        "name": "Wrong",
        "trigger": {"type": "experience_id_change", "form": {"directory": "POOL_x", "kinds": []}},
        "tasks": [{"id": "a", "type": "no_such_task"}, {"id": "a", "type": "operational_pulse", "form": {}}],
    }
    answer = await pulse.client.post("/api/v1/workflows", json=body)
    assert answer.status_code == 422
    problems = " | ".join(answer.json()["problems"])
    for words in (
        "event: choose a directory",
        "event: tick at least one",
        "two tasks have the same id",
        "task 1: there is no task 'no_such_task'",
        "task 2: Systems URL is missing",
        "task 2: choose an account",
    ):
        assert words in problems
    unknown = await pulse.client.post("/api/v1/workflows", json={"name": "x", "trigger": {"type": "nothing"}})
    assert unknown.json()["problems"] == ["event: there is no event 'nothing'"]


async def test_an_extension_is_installed_before_its_tasks_are_used(pulse: Pulse) -> None:
    _, secret = await make_tenant(pulse.ports, "Other")
    async with browse(make_app(pulse.ports, "experience"), secret) as client:
        listed = {one["name"]: one for one in (await client.get("/api/v1/extensions")).json()}
        assert (listed["json"]["installed"], listed["operational_pulse"]["installed"]) == (True, False)
        body = {
            "name": "Too early",
            "trigger": {"type": "json_event", "form": {"fields": []}},
            "tasks": [{"type": "operational_pulse", "account": pulse.account, "form": {}}],
        }
        refused = await client.post("/api/v1/workflows", json=body)
        assert "install the extension 'Operational Pulse' first" in refused.text
        install = await client.post(
            "/api/v1/extensions/operational_pulse/install", json={"domains": ["cloud.example.org"]}
        )
        assert install.status_code == 204
        listed = {one["name"]: one for one in (await client.get("/api/v1/extensions")).json()}
        assert listed["operational_pulse"]["domains"] == ["cloud.example.org"]
        refused = await client.post("/api/v1/workflows", json=body)
        assert "choose an account" in refused.text, "another tenant's account is none"
        assert (await client.post("/api/v1/extensions/nothing/install", json={})).status_code == 404
        account = {"name": "x", "fields": {"api_token": "s3cret-token", "systrack_api_account": "svc"}}
        made = await client.post("/api/v1/extensions/operational_pulse/accounts", json=account)
        assert made.status_code == 201
        assert "s3cret-token" not in made.text
        for wrong in ({"name": "", "fields": account["fields"]}, {"name": "x", "fields": {}}):
            answer = await client.post("/api/v1/extensions/operational_pulse/accounts", json=wrong)
            assert answer.status_code == 422


async def test_what_embedded_data_cannot_hold_fails_its_task_and_asks_nobody_twice(pulse: Pulse) -> None:
    await pulse.people("p0")
    workflow = await pulse.listen()
    document = (await pulse.api("GET", f"/workflows/{workflow}"))["document"]
    first = document["tasks"][0]
    second = first | {
        "id": "second",
        "form": first["form"] | {"embedded_data": {"why": "${t://task1/reasons}"}},
    }
    document["tasks"] = [first, second]
    await pulse.api("PUT", f"/workflows/{workflow}", document)
    await pulse.activate()
    [run] = await pulse.runs()
    assert run["state"] == "partly_failed"
    tasks = {task["task"]: task for task in (await pulse.run(run["id"]))["tasks"]}
    assert "nothing was saved: embedded data is flat" in tasks["second"]["error"]
    assert await pulse.asked() == {"p0@example.org": 1}


async def _claim_run(pulse: Pulse) -> Job:
    """The job of a run that an event has just started, as a worker has it."""
    await pulse.people("p0")
    document = (await pulse.api("GET", f"/workflows/{pulse.workflows['receive']}"))["document"]
    document["tasks"] = [document["tasks"][0] | {"id": name} for name in ("first", "second")]
    await pulse.api("PUT", f"/workflows/{pulse.workflows['receive']}", document)
    assert (await pulse.client.post(pulse.trigger_url, json=pulse.envelope())).status_code == 202
    lease = timedelta(seconds=30)
    [job] = await pulse.ports.db.write(claim_due, "default", "test", pulse.clock.now(), lease, 1)
    return job


async def test_a_run_and_its_job_end_in_one_unit(pulse: Pulse) -> None:
    job = await _claim_run(pulse)
    assert await on_run_started(pulse.ports, job) is JobEnd.WRITTEN
    assert [row for row in await pulse.rows(jobs) if row["id"] == job.id] == []
    [run] = await pulse.rows(runs)
    assert (run["state"], run["ended_at"]) == ("succeeded", pulse.clock.now())
    enqueued = {row["id"] for row in await pulse.rows(jobs)}
    assert await on_run_started(pulse.ports, job) is JobEnd.WRITTEN, "told twice: nothing is done again"
    assert {row["id"] for row in await pulse.rows(jobs)} == enqueued


async def test_that_a_task_ended_stays_on_record_when_the_next_cannot_begin(
    pulse: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a task is written with the begin of the next; without a next it is written by itself."""
    job = await _claim_run(pulse)
    filled: list[Any] = []

    def fill_once(form: Any, escapes: Any, event: Any, outputs: Any) -> Any:
        if filled:
            raise ZeroDivisionError("the second form")
        filled.append(form)
        return resolve_form(form, escapes, event, outputs)

    monkeypatch.setattr(carrying, "resolve_form", fill_once)
    with pytest.raises(ZeroDivisionError):
        await on_run_started(pulse.ports, job)
    [first] = await pulse.rows(task_runs)
    assert (first["task"], first["state"]) == ("first", "succeeded")
    monkeypatch.undo()
    await on_run_started(pulse.ports, job)
    states = {row["task"]: (row["state"], row["attempt"]) for row in await pulse.rows(task_runs)}
    assert states == {"first": ("succeeded", 1), "second": ("succeeded", 1)}
    pages = [asked for asked in pulse.cloud.asked if "/systems/atactivation" in asked.line]
    assert len(pages) == 2, "one for each task: the first did not ask again"
