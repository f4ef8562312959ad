"""Carry out a run: its tasks, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.flow.documents import document_of
from opulse.experience.workflows.flow.runs import carried, make_context, state_of
from opulse.experience.workflows.models import (
    Run,
    RunState,
    RunStep,
    TaskDefinition,
    TaskEnd,
    TaskRun,
    TaskState,
    WorkflowDocument,
)
from opulse.experience.workflows.registry import TaskContext, TaskResult, find_task_type
from opulse.experience.workflows.rules.fields import resolve
from opulse.experience.workflows.store import runs as store
from opulse.experience.workflows.store.steps import write_steps
from opulse.jobs import Job, JobRetry
from opulse.jobs.table import complete_all
from opulse.observe import faults
from opulse.observe.metrics import RUNS
from opulse.observe.traces import span
from opulse.ports import Ports
from opulse.wire.identifiers import random_text

AFTER_A_FAILURE = "not begun: a task before it failed, and this workflow stops then"


async def carry_out(ports: Ports, tenant: int, run_id: str, job: Job | None = None) -> RunState:
    """Do the run's tasks, in order. Safe to call again: an ended task is not done twice.

    Args:
        job: is completed with the end of the run, in one unit.

    Raises:
        JobRetry: a task wants another try later.
    """
    run = await ports.db.look_up(store.find_run, tenant, run_id)
    progress = _Progress(ports, tenant, run_id, job)
    if run is None or run.state not in (RunState.QUEUED, RunState.RUNNING):
        await progress.finish(None)
        return RunState.CANCELLED if run is None else run.state
    document = await document_of(ports, run)
    if document is None:
        raise LookupError(f"revision {run.revision} of {run.workflow}")
    with span(
        "workflow.run", parent=carried(run), workflow=run.workflow, run=run.id, activation=run.activation
    ) as recorded:
        state = await _do_tasks(ports, run, document, progress)
        recorded.note(state=state.value)
    return state


@dataclass(frozen=True)
class _Written:
    """One step of a run, and the job that ends with it."""

    step: RunStep
    job: Job | None


def _write_all_in(conn: Connection, items: Sequence[_Written]) -> list[TaskRun | None]:
    rows = write_steps(conn, [item.step for item in items])
    if done := [item.job for item in items if item.job is not None]:
        complete_all(conn, done)
    return rows


class _Progress:
    """What a run has to write. How a task ended is written with the begin of the next one, or with the end of the run."""

    def __init__(self, ports: Ports, tenant: int, run: str, job: Job | None) -> None:
        self._ports = ports
        self._tenant = tenant
        self._run = run
        self._job = job
        self._state: RunState | None = RunState.RUNNING
        self._ended: TaskEnd | None = None

    def note(self, row: TaskRun, result: TaskResult, now: datetime) -> None:
        """A task has ended: to be written with what comes next."""
        self._ended = TaskEnd(row.id, result.state, result.output, result.error, now)

    async def begin(self, task: TaskRun) -> TaskRun:
        """The task's row as it stands, its attempt counted; ended when it was ended before."""
        row = await self._write(task, self._state, None, None)
        self._state = None
        if row is None:
            raise LookupError(f"task {task.task} of {task.run}")
        return row

    async def flush(self) -> None:
        """Write what was noted: nothing else follows in this unit."""
        if self._ended is not None:
            await self._write(None, None, None, None)

    async def finish(self, state: RunState | None) -> None:
        """The run ends, and its job with it. ``state`` None: it had ended before, and stays as it is."""
        await self._write(None, state, self._ports.clock.now() if state else None, self._job)

    async def _write(
        self, begun: TaskRun | None, state: RunState | None, ended_at: datetime | None, job: Job | None
    ) -> TaskRun | None:
        step = RunStep(self._tenant, self._run, self._ended, begun, state, ended_at)
        row = await self._ports.db.write_grouped(_write_all_in, _Written(step, job))
        self._ended = None
        return row


async def _do_tasks(ports: Ports, run: Run, document: WorkflowDocument, progress: _Progress) -> RunState:
    outputs: dict[str, Mapping[str, Any]] = {}
    states: list[TaskState] = []
    try:
        for number, task in enumerate(document.tasks, 1):
            result = await _do_task(ports, run, document.name, task, outputs, progress)
            outputs[task.id] = result.output
            states.append(result.state)
            if result.state is TaskState.FAILED and document.settings.on_failure == "stop":
                await progress.flush()
                await ports.db.write(_skip_in, run, document.tasks[number:], ports.clock.now())
                break
    except Exception:
        # what follows a task that has ended has failed: that it ended must stay on record
        await progress.flush()
        raise
    state = state_of(states)
    await progress.finish(state)
    RUNS.labels(state.value).inc()
    return state


async def _do_task(
    ports: Ports,
    run: Run,
    workflow_name: str,
    task: TaskDefinition,
    outputs: Mapping[str, Mapping[str, Any]],
    progress: _Progress,
) -> TaskResult:
    now = ports.clock.now()
    form = resolve(task.form, run.event, outputs)
    row = await progress.begin(
        TaskRun(
            f"TR_{random_text(15)}", run.id, task.id, task.type, 0, TaskState.RUNNING, form, {}, "", now, None
        )
    )
    if row.state is not TaskState.RUNNING:
        return TaskResult(row.state, row.output, row.error)
    context = await make_context(ports, run, workflow_name, task, row, form)
    result = await _run_task(ports, task, context)
    faults.point("task.done")
    progress.note(row, result, ports.clock.now())
    return result


async def _run_task(ports: Ports, task: TaskDefinition, context: TaskContext) -> TaskResult:
    kind = find_task_type(task.type)
    if kind is None:
        return TaskResult(TaskState.FAILED, {}, f"no extension offers the task {task.type!r} any more")
    try:
        return await kind.run(ports, context)
    except JobRetry as again:
        await ports.db.write(store.note_task, context.tenant, context.task_run, {}, f"trying again: {again}")
        raise


def _skip_in(conn: Connection, run: Run, tasks: Sequence[TaskDefinition], now: datetime) -> None:
    """The tasks after one that failed, in a workflow that stops then: on record, with the reason."""
    for task in tasks:
        skipped = TaskRun(
            f"TR_{random_text(15)}",
            run.id,
            task.id,
            task.type,
            0,
            TaskState.SKIPPED,
            {},
            {},
            AFTER_A_FAILURE,
            now,
            now,
        )
        store.insert_task(conn, run.tenant, skipped)
