"""Carry out a run: its tasks, in the order that their pipes and the blocks of conditions between them ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.flow.documents import document_of
from opulse.experience.workflows.flow.gates import gate_of, with_gate
from opulse.experience.workflows.flow.holding import hold_back
from opulse.experience.workflows.flow.progress import Progress
from opulse.experience.workflows.flow.reach import restricted
from opulse.experience.workflows.flow.runs import carried, make_context, state_of
from opulse.experience.workflows.models import (
    Run,
    RunState,
    SkipReason,
    TaskDefinition,
    TaskRun,
    TaskState,
    WorkflowDocument,
)
from opulse.experience.workflows.registry import (
    TaskContext,
    TaskResult,
    TaskWaits,
    escapes_of,
    extension_of_task,
    find_task_type,
    gate_types,
)
from opulse.experience.workflows.rules.fields import resolve_form
from opulse.experience.workflows.rules.order import decide_skip, plan_tasks
from opulse.experience.workflows.store import runs as store
from opulse.jobs import Job, JobRetry
from opulse.observe import faults
from opulse.observe.metrics import RUNS
from opulse.observe.traces import span
from opulse.ports import Ports
from opulse.wire.identifiers import random_text


class RunWaits(JobRetry):
    """A task of the run waits for a moment that it chose; the run goes on then."""


async def carry_out(ports: Ports, tenant: int, run_id: str, job: Job | None = None) -> RunState:
    """Do the run's tasks, in order. Safe to call again: an ended task is not done twice.

    Args:
        job: is completed with the end of the run, in one unit.

    Raises:
        JobRetry: a task wants another try later.
    """
    run = await ports.db.look_up(store.find_run, tenant, run_id)
    progress = Progress(ports, tenant, run_id, job)
    if run is None or run.is_over:
        await progress.finish(None)
        return RunState.CANCELLED if run is None else run.state
    if run.state is not RunState.RUNNING:
        if await hold_back(ports, run):
            await progress.finish(None)
            return RunState.HELD
        if run.state is RunState.HELD:
            run = replace(run, resumed_at=ports.clock.now())
    document = await document_of(ports, run)
    if document is None:
        raise LookupError(f"revision {run.revision} of {run.workflow}")
    with span(
        "workflow.run", parent=carried(run), workflow=run.workflow, run=run.id, activation=run.activation
    ) as recorded:
        state = await _do_tasks(ports, run, document, progress)
        recorded.note(state=state.value)
    return state


@dataclass
class _Done:
    """What the tasks of a run came to so far. ``run`` has the selection that the last block of conditions left."""

    run: Run
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    states: dict[str, TaskState] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    skipped: list[tuple[TaskDefinition, SkipReason]] = field(default_factory=list)

    def add(self, task: TaskDefinition, result: TaskResult) -> None:
        self.outputs[task.id] = result.output
        self.states[task.id] = result.state
        gate = result.gate or gate_of(result.output)
        if gate is not None and result.state is TaskState.SUCCEEDED:
            self.run = replace(self.run, selection=gate.selection)
            if not gate.is_open:
                self.closed.add(task.id)


async def _do_tasks(ports: Ports, run: Run, document: WorkflowDocument, progress: Progress) -> RunState:
    done = _Done(run)
    gates = gate_types()
    try:
        for place, planned in enumerate(plan_tasks(document.tasks, gates)):
            task = planned.task
            skip = decide_skip(planned, done.states, done.closed, document.settings.on_failure)
            if skip is not None:
                done.skipped.append((task, skip))
                done.states[task.id] = TaskState.SKIPPED
                continue
            if place and await _is_over(ports, run):
                await progress.finish(None)
                return RunState.CANCELLED
            done.add(task, await _do_task(ports, done, document, task, progress))
    except Exception:
        # what follows a task that has ended has failed: that it ended must stay on record
        await progress.flush()
        raise
    if done.skipped:
        await progress.flush()
        await ports.db.write(_skip_in, run, done.skipped, ports.clock.now())
    own = [done.states[task.id] for task in document.tasks if task.type not in gates or _failed(done, task)]
    state = state_of(own, conditions_failed=bool(done.closed))
    await progress.finish(state)
    RUNS.labels(state.value).inc()
    return state


async def _do_task(
    ports: Ports, done: _Done, document: WorkflowDocument, task: TaskDefinition, progress: Progress
) -> TaskResult:
    run, now = done.run, ports.clock.now()
    form = resolve_form(task.form, escapes_of(task.type, task.form), run.event, done.outputs)
    row = await progress.begin(
        TaskRun(
            f"TR_{random_text(15)}", run.id, task.id, task.type, 0, TaskState.RUNNING, form, {}, "", now, None
        )
    )
    if row.state is not TaskState.RUNNING:
        return TaskResult(row.state, row.output, row.error)
    context = await make_context(ports, run, document.name, task, row, form)
    result = with_gate(await _run_task(ports, task, context))
    if result.waited:
        now = ports.clock.now()
        await ports.db.write(store.set_resumed, run.tenant, run.id, now)
        done.run = replace(run, resumed_at=now)
    faults.point("task.done")
    progress.note(row, result, ports.clock.now())
    return result


async def _run_task(ports: Ports, task: TaskDefinition, context: TaskContext) -> TaskResult:
    kind, extension = find_task_type(task.type), extension_of_task(task.type)
    if kind is None or extension is None:
        return TaskResult(TaskState.FAILED, {}, f"no extension offers the task {task.type!r} any more")
    try:
        return await kind.run(await restricted(ports, context.tenant, extension), context)
    except TaskWaits as waits:
        seconds = max(1.0, (waits.until - ports.clock.now()).total_seconds())
        words = f"waits until {waits.until:%Y-%m-%d %H:%M} UTC: {waits}"
        await ports.db.write(store.note_error, context.tenant, context.task_run, words)
        raise RunWaits(seconds, words, counts=False) from waits
    except JobRetry as again:
        await ports.db.write(store.note_error, context.tenant, context.task_run, f"trying again: {again}")
        raise


async def _is_over(ports: Ports, run: Run) -> bool:
    """Whether a person has stopped the run while its tasks were being done."""
    now = await ports.db.look_up(store.find_run, run.tenant, run.id)
    return now is None or now.is_over


def _failed(done: _Done, task: TaskDefinition) -> bool:
    return done.states[task.id] is TaskState.FAILED


def _skip_in(
    conn: Connection, run: Run, skipped: Sequence[tuple[TaskDefinition, SkipReason]], now: datetime
) -> None:
    """The tasks that were not begun: on record, with the reason."""
    for task, why in skipped:
        row = TaskRun(
            f"TR_{random_text(15)}",
            run.id,
            task.id,
            task.type,
            0,
            TaskState.SKIPPED,
            {},
            {},
            why.value,
            now,
            now,
        )
        store.insert_task(conn, run.tenant, row)
