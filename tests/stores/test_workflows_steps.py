"""What many runs write at once between their tasks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert

from opulse.clock import ManualClock
from opulse.db import Database
from opulse.experience.workflows.models import (
    Run,
    RunState,
    RunStep,
    TaskEnd,
    TaskRun,
    TaskState,
)
from opulse.experience.workflows.store.definitions import workflows
from opulse.experience.workflows.store.runs import find_run, insert_run, list_task_runs
from opulse.experience.workflows.store.steps import write_steps

pytestmark = pytest.mark.stores

WORKFLOW = "WF_1"


@pytest.fixture
async def two_runs(db: Database, clock: ManualClock) -> None:
    def unit(conn: Connection) -> None:
        now = clock.now()
        for tenant in (1, 2):
            conn.execute(
                insert(workflows).values(
                    tenant=tenant,
                    id=WORKFLOW,
                    name="w",
                    revision=1,
                    enabled=True,
                    trigger_type="json_event",
                    url_token=f"token {tenant}",
                    document={},
                    deleted=False,
                    created_at=now,
                    updated_at=now,
                )
            )
            event: dict[str, Any] = {"fields": {}}
            run = Run(
                tenant, "RUN_1", WORKFLOW, 1, RunState.QUEUED, "e", "", 1, (), event, None, "", now, None
            )
            assert insert_run(conn, run)

    await db.write(unit)


def task(clock: ManualClock, number: int, **form: Any) -> TaskRun:
    return TaskRun(
        f"TR_{number}", "RUN_1", f"t{number}", "email", 0, TaskState.RUNNING, form, {}, "", clock.now(), None
    )


@pytest.mark.usefixtures("two_runs")
async def test_runs_of_two_tenants_are_kept_apart(db: Database, clock: ManualClock) -> None:
    first = task(clock, 1, subject='ünïcode "quoted" ✓', count=10**30, deep=[1, None, {"a": 2.5}])
    other = task(clock, 1, subject="other")
    begun = await db.write(
        write_steps,
        [RunStep(1, "RUN_1", begun=first, state=RunState.RUNNING), RunStep(2, "RUN_1", begun=other)],
    )
    assert [(row.attempt, row.state, row.input) for row in begun if row] == [
        (1, TaskState.RUNNING, first.input),
        (1, TaskState.RUNNING, {"subject": "other"}),
    ]
    states = [await db.read(find_run, tenant, "RUN_1") for tenant in (1, 2)]
    assert [run.state for run in states if run] == [RunState.RUNNING, RunState.QUEUED]


@pytest.mark.usefixtures("two_runs")
async def test_a_task_is_begun_again_under_its_first_id_and_an_ended_one_stays(
    db: Database, clock: ManualClock
) -> None:
    [first] = await db.write(write_steps, [RunStep(1, "RUN_1", begun=task(clock, 1))])
    again = TaskRun(**{**task(clock, 1).__dict__, "id": "TR_another"})
    [second] = await db.write(write_steps, [RunStep(1, "RUN_1", begun=again)])
    assert first is not None
    assert second is not None
    assert (second.id, second.attempt) == (first.id, 2)
    ended = TaskEnd(first.id, TaskState.FAILED, {"why": "it"}, "broken " * 1_000, clock.now())
    [third] = await db.write(write_steps, [RunStep(1, "RUN_1", ended=ended, begun=again)])
    assert third is not None
    assert (third.id, third.attempt, third.state, third.output) == (
        first.id,
        2,
        TaskState.FAILED,
        {"why": "it"},
    )
    assert len(third.error) == 2_000


@pytest.mark.usefixtures("two_runs")
async def test_the_end_of_a_task_the_next_and_the_run_are_one_step(db: Database, clock: ManualClock) -> None:
    await db.write(write_steps, [RunStep(1, "RUN_1", begun=task(clock, 1), state=RunState.RUNNING)])
    clock.advance(1)
    ended = TaskEnd("TR_1", TaskState.SUCCEEDED, {"asked": 3}, "", clock.now())
    await db.write(write_steps, [RunStep(1, "RUN_1", ended=ended, begun=task(clock, 2))])
    ended = TaskEnd("TR_2", TaskState.FAILED, {}, "no", clock.now())
    done = RunStep(1, "RUN_1", ended=ended, state=RunState.PARTLY_FAILED, ended_at=clock.now())
    assert await db.write(write_steps, [done]) == [None]
    tasks = await db.read(list_task_runs, 1, "RUN_1")
    assert [(one.id, one.state, one.output, one.error, one.ended_at) for one in tasks] == [
        ("TR_1", TaskState.SUCCEEDED, {"asked": 3}, "", clock.now()),
        ("TR_2", TaskState.FAILED, {}, "no", clock.now()),
    ]
    run = await db.read(find_run, 1, "RUN_1")
    assert run is not None
    assert (run.state, run.ended_at) == (RunState.PARTLY_FAILED, clock.now())
