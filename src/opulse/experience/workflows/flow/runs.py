"""Start a run for an event; give one up; what its tasks are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.flow.documents import document_of
from opulse.experience.workflows.flow.notices import announce_ends_in
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
)
from opulse.experience.workflows.registry import TaskContext
from opulse.experience.workflows.store import accounts
from opulse.experience.workflows.store import runs as store
from opulse.jobs import enqueue
from opulse.observe.traces import HEADER
from opulse.ports import Ports
from opulse.wire.identifiers import random_text

RETRY_WINDOW = {"24h": timedelta(hours=24), "15min": timedelta(minutes=15), "none": timedelta(0)}
"""How long a task that met 429, 5xx or silence is tried again, by the workflow's setting."""


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
    if not_started:
        announce_ends_in(conn, [(run.tenant, run.id, run.state)])
    else:
        enqueue(conn, workflow.tenant, RUN_STARTED, {"run": run.id}, unique=run.id, priority=1)
    return run, True


def carry(parent: str) -> dict[str, str]:
    """What an event's body keeps of its trace: the traceparent, where there is one."""
    return {HEADER: parent} if parent else {}


def carried(run: Run | None) -> str:
    """The traceparent that a run's event came with; empty without."""
    return str(run.event.get(HEADER, "")) if run else ""


async def give_up_late(
    ports: Ports, tenant: int, run_id: str, why: str, since: datetime | None = None
) -> bool:
    """End the run as failed when the workflow's retry window is over. False while another try is allowed.

    ``since``: when the task last got further, where it knows; the window begins anew there.
    """
    run = await ports.db.look_up(store.find_run, tenant, run_id)
    if run is None:
        return True
    document = await document_of(ports, run)
    window = RETRY_WINDOW[document.settings.retry if document else "none"]
    now = ports.clock.now()
    if now - _began(run, since) < window:
        return False
    await ports.db.write(_fail_in, tenant, run_id, f"given up after {window}: {why}", now)
    return True


async def seconds_going(ports: Ports, tenant: int, run_id: str, since: datetime | None = None) -> float:
    """How long the run has been going on since its start, its last hold or wait, or ``since``: its task's last progress."""
    run = await ports.db.look_up(store.find_run, tenant, run_id)
    return 0.0 if run is None else (ports.clock.now() - _began(run, since)).total_seconds()


def _began(run: Run, since: datetime | None) -> datetime:
    began = run.resumed_at or run.started_at
    return began if since is None else max(began, since)


def _fail_in(conn: Connection, tenant: int, run_id: str, why: str, now: datetime) -> None:
    for row in store.list_task_runs(conn, tenant, run_id):
        if row.state is TaskState.RUNNING:
            store.end_task(conn, tenant, row.id, TaskState.FAILED, row.output, why, now)
    states = [row.state for row in store.list_task_runs(conn, tenant, run_id)]
    store.set_run_state(conn, tenant, run_id, state_of(states), why, now)
    announce_ends_in(conn, [(tenant, run_id, state_of(states))])


async def context_of(ports: Ports, tenant: int, run_id: str, task_id: str) -> TaskContext | None:
    """The context of a task that has begun, for work that goes on after it ended; None when the run or task is gone."""
    run = await ports.db.look_up(store.find_run, tenant, run_id)
    rows = await ports.db.read(store.list_task_runs, tenant, run_id)
    row = next((one for one in rows if one.task == task_id), None)
    if run is None or row is None:
        return None
    document = await document_of(ports, run)
    task = next((one for one in document.tasks if one.id == task_id), None) if document else None
    if document is None or task is None:
        return None
    return await make_context(ports, run, document.name, task, row, row.input)


async def make_context(
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
        run.resumed_at or run.started_at,
        row.started_at,
    )


async def _account(ports: Ports, tenant: int, account: str) -> dict[str, str]:
    """The account's fields with its secrets opened; empty where the task has none."""
    found = await ports.db.look_up(accounts.find_account, tenant, account) if account else None
    if found is None:
        return {}
    opened = {name: ports.secrets.open(sealed) for name, sealed in found["sealed"].items()}
    return {**found["fields"], **opened, "id": account}


def state_of(states: Sequence[TaskState], *, conditions_failed: bool = False) -> RunState:
    """What a run came to whose tasks ended like this. ``conditions_failed``: conditions between them let nobody through."""
    failed = any(state is TaskState.FAILED for state in states)
    succeeded = any(state is TaskState.SUCCEEDED for state in states)
    if failed:
        return RunState.PARTLY_FAILED if succeeded else RunState.FAILED
    if conditions_failed and not succeeded:
        return RunState.CONDITIONS_NOT_MET
    return RunState.SUCCEEDED
