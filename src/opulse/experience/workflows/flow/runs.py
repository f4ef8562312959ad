"""Start a run for an event, and carry out its tasks in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.models import (
    CHAIN_DEPTH,
    RUN_STARTED,
    Run,
    RunState,
    Selection,
    TaskDefinition,
    TaskRun,
    TaskState,
    Workflow,
    WorkflowDocument,
)
from opulse.experience.workflows.registry import TaskContext, TaskResult, find_task_type
from opulse.experience.workflows.rules.fields import resolve
from opulse.experience.workflows.store import definitions
from opulse.experience.workflows.store import runs as store
from opulse.jobs import JobRetry, enqueue
from opulse.observe import faults
from opulse.observe.metrics import RUNS
from opulse.observe.traces import HEADER, span
from opulse.ports import Ports
from opulse.wire.identifiers import random_text

RETRY_WINDOW = {"24h": timedelta(hours=24), "15min": timedelta(minutes=15), "none": timedelta(0)}
"""How long a task that met 429, 5xx or silence is tried again, by the workflow's setting."""

AFTER_A_FAILURE = "not begun: a task before it failed, and this workflow stops then"


@dataclass(frozen=True)
class Event:
    """What happened. ``key`` is the event's identity: one workflow runs once for it, however often it is told."""

    key: str
    body: Mapping[str, Any]  # {"envelope": as received, "fields": {name: value}}
    activation: str = ""
    wave: int = 1
    chain: tuple[str, ...] = ()
    selection: Selection | None = None


def start_run_in(
    conn: Connection,
    workflow: Workflow,
    event: Event,
    now: datetime,
    *,
    not_started: str = "",
) -> tuple[Run, bool]:
    """The run of this workflow for this event, and whether it is new. With its job, in the caller's unit.

    Args:
        not_started: when given, the run is recorded as not started for this reason, and no task runs.
    """
    chain = (*event.chain, workflow.id)
    if not not_started and (workflow.id in event.chain or len(chain) > CHAIN_DEPTH):
        not_started = "it would run in a circle: a workflow in its own chain of causes is not started again"
    run = Run(
        workflow.tenant,
        f"RUN_{random_text(15)}",
        workflow.id,
        workflow.revision,
        RunState.NOT_STARTED if not_started else RunState.QUEUED,
        event.key,
        event.activation,
        event.wave,
        chain,
        event.body,
        event.selection,
        not_started,
        now,
        now if not_started else None,
    )
    if not store.insert_run(conn, run):
        known = store.find_run_by_key(conn, workflow.tenant, workflow.id, event.key)
        if known is None:
            raise LookupError(event.key)
        return known, False
    if not not_started:
        enqueue(conn, workflow.tenant, RUN_STARTED, {"run": run.id}, unique=run.id, priority=1)
    return run, True


async def carry_out(ports: Ports, tenant: int, run_id: str) -> RunState:
    """Do the run's tasks, in order. Safe to call again: an ended task is not done twice.

    Raises:
        JobRetry: a task wants another try later.
    """
    run = await ports.db.read(store.find_run, tenant, run_id)
    if run is None or run.state not in (RunState.QUEUED, RunState.RUNNING):
        return RunState.CANCELLED if run is None else run.state
    document = await ports.db.read(definitions.find_revision, tenant, run.workflow, run.revision)
    if document is None:
        raise LookupError(f"revision {run.revision} of {run.workflow}")
    with span(
        "workflow.run", parent=carried(run), workflow=run.workflow, run=run.id, activation=run.activation
    ) as recorded:
        state = await _do_tasks(ports, run, document)
        recorded.note(state=state.value)
    return state


def carry(parent: str) -> dict[str, str]:
    """What an event's body keeps of its trace: the traceparent, where there is one."""
    return {HEADER: parent} if parent else {}


def carried(run: Run | None) -> str:
    """The traceparent that a run's event came with; empty without."""
    return str(run.event.get(HEADER, "")) if run else ""


async def _do_tasks(ports: Ports, run: Run, document: WorkflowDocument) -> RunState:
    tenant = run.tenant
    await ports.db.write(store.set_run_state, tenant, run.id, RunState.RUNNING, "", None)
    outputs: dict[str, Mapping[str, Any]] = {}
    states: list[TaskState] = []
    for number, task in enumerate(document.tasks, 1):
        result = await _do_task(ports, run, document.name, task, outputs)
        outputs[task.id] = result.output
        states.append(result.state)
        if result.state is TaskState.FAILED and document.settings.on_failure == "stop":
            await ports.db.write(_skip_in, run, document.tasks[number:], ports.clock.now())
            break
    state = _run_state(states)
    await ports.db.write(store.set_run_state, tenant, run.id, state, "", ports.clock.now())
    RUNS.labels(state.value).inc()
    return state


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


async def give_up_late(ports: Ports, tenant: int, run_id: str, why: str) -> bool:
    """End the run as failed when the workflow's retry window is over. False while another try is allowed."""
    run = await ports.db.read(store.find_run, tenant, run_id)
    if run is None:
        return True
    document = await ports.db.read(definitions.find_revision, tenant, run.workflow, run.revision)
    window = RETRY_WINDOW[document.settings.retry if document else "none"]
    now = ports.clock.now()
    if now - run.started_at < window:
        return False
    await ports.db.write(_fail_in, tenant, run_id, f"given up after {window}: {why}", now)
    return True


def _fail_in(conn: Connection, tenant: int, run_id: str, why: str, now: datetime) -> None:
    for row in store.list_task_runs(conn, tenant, run_id):
        if row.state is TaskState.RUNNING:
            store.end_task(conn, tenant, row.id, TaskState.FAILED, row.output, why, now)
    states = [row.state for row in store.list_task_runs(conn, tenant, run_id)]
    store.set_run_state(conn, tenant, run_id, _run_state(states), why, now)


async def context_of(ports: Ports, tenant: int, run_id: str, task_id: str) -> TaskContext | None:
    """The context of a task that has begun, for work that goes on after it ended; None when the run or task is gone."""
    run = await ports.db.read(store.find_run, tenant, run_id)
    rows = await ports.db.read(store.list_task_runs, tenant, run_id)
    row = next((one for one in rows if one.task == task_id), None)
    if run is None or row is None:
        return None
    document = await ports.db.read(definitions.find_revision, tenant, run.workflow, run.revision)
    task = next((one for one in document.tasks if one.id == task_id), None) if document else None
    if document is None or task is None:
        return None
    return await _context(ports, run, document.name, task, row, row.input)


async def _context(
    ports: Ports, run: Run, workflow_name: str, task: TaskDefinition, row: TaskRun, form: Mapping[str, Any]
) -> TaskContext:
    return TaskContext(
        run.tenant,
        run.workflow,
        workflow_name,
        run.id,
        task.id,
        row.id,
        row.attempt,
        form,
        await _account(ports, run.tenant, task.account),
        run.event,
        run.selection,
        run.activation,
        run.wave,
        run.chain,
        run.started_at,
    )


async def _do_task(
    ports: Ports,
    run: Run,
    workflow_name: str,
    task: TaskDefinition,
    outputs: Mapping[str, Mapping[str, Any]],
) -> TaskResult:
    now = ports.clock.now()
    form = resolve(task.form, run.event, outputs)
    fresh = TaskRun(
        f"TR_{random_text(15)}", run.id, task.id, task.type, 0, TaskState.RUNNING, form, {}, "", now, None
    )
    row = await ports.db.write(store.begin_task, run.tenant, fresh)
    if row.state is not TaskState.RUNNING:
        return TaskResult(row.state, row.output, row.error)
    context = await _context(ports, run, workflow_name, task, row, form)
    result = await _run_task(ports, task, context)
    faults.point("task.done")
    await ports.db.write(
        store.end_task, run.tenant, row.id, result.state, result.output, result.error, ports.clock.now()
    )
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


async def _account(ports: Ports, tenant: int, account: str) -> dict[str, str]:
    """The account's fields with its secrets opened; empty where the task has none."""
    found = await ports.db.read(definitions.find_account, tenant, account) if account else None
    if found is None:
        return {}
    opened = {name: ports.secrets.open(sealed) for name, sealed in found["sealed"].items()}
    return {**found["fields"], **opened, "id": account}


def _run_state(states: list[TaskState]) -> RunState:
    failed = any(state is TaskState.FAILED for state in states)
    succeeded = any(state is TaskState.SUCCEEDED for state in states)
    if failed:
        return RunState.PARTLY_FAILED if succeeded else RunState.FAILED
    return RunState.SUCCEEDED
