"""Runs, their tasks, and condition traces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, insert_ignoring_known, metadata
from opulse.experience.workflows.models import Run, RunState, Selection, TaskRun, TaskState

runs = Table(
    "runs",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("event_key", Text, nullable=False),  # eventId of a JSON event, change set of a contact change
    Column("state", Text, nullable=False),
    Column("activation", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("chain", JsonDoc, nullable=False),
    Column("event", JsonDoc, nullable=False),
    Column("selection", JsonDoc, nullable=False),  # {} or {change_set, groups, count}
    Column("reason", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("resumed_at", Instant, nullable=True),  # when its last hold or wait was over
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "workflow", "event_key"),
    ForeignKeyConstraint(["tenant", "workflow"], ["workflows.tenant", "workflows.id"]),
    Index("ix_runs_started", "tenant", "started_at"),
    Index("ix_runs_activation", "tenant", "activation"),
    Index("ix_runs_event_key", "tenant", "event_key"),
)

task_runs = Table(
    "task_runs",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("input", JsonDoc, nullable=False),
    Column("output", JsonDoc, nullable=False),
    Column("error", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "run", "task"),
    ForeignKeyConstraint(["tenant", "run"], ["runs.tenant", "runs.id"]),
)

# built once: these run for every event
_OF_TENANT = runs.c.tenant == bindparam("of_tenant")
_FIND = select(runs).where(_OF_TENANT, runs.c.id == bindparam("run"))
_LOOKED_AT = 1_000
_COUNT_SINCE = select(func.count()).where(_OF_TENANT, runs.c.started_at >= bindparam("since"))


def insert_run(conn: Connection, run: Run) -> bool:
    """Store a run; False when this workflow has processed this event already."""
    selection = run.selection
    row = {
        "tenant": run.tenant,
        "id": run.id,
        "workflow": run.workflow,
        "revision": run.revision,
        "event_key": run.event_key,
        "state": run.state.value,
        "activation": run.activation,
        "wave": run.wave,
        "chain": list(run.chain),
        "event": dict(run.event),
        "selection": {}
        if selection is None
        else {
            "change_set": selection.change_set,
            "groups": list(selection.groups),
            "count": selection.count,
        },
        "reason": run.reason,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }
    return insert_ignoring_known(conn, runs, [row]) == 1


def find_run(conn: Connection, tenant: int, run: str) -> Run | None:
    row = conn.execute(_FIND, {"of_tenant": tenant, "run": run}).one_or_none()
    return None if row is None else run_of(row)


def find_run_by_key(conn: Connection, tenant: int, workflow: str, event_key: str) -> Run | None:
    row = conn.execute(
        select(runs).where(
            runs.c.tenant == tenant, runs.c.workflow == workflow, runs.c.event_key == event_key
        )
    ).one_or_none()
    return None if row is None else run_of(row)


def list_runs(
    conn: Connection,
    tenant: int,
    *,
    workflow: str = "",
    activation: str = "",
    event_key: str = "",
    limit: int = 50,
) -> list[Run]:
    """Newest first."""
    query = select(runs).where(runs.c.tenant == tenant)
    if event_key:
        query = query.where(runs.c.event_key == event_key)
    if workflow:
        query = query.where(runs.c.workflow == workflow)
    if activation:
        query = query.where(runs.c.activation == activation)
    return [run_of(row) for row in conn.execute(query.order_by(runs.c.started_at.desc()).limit(limit))]


def list_recent_activations(conn: Connection, tenant: int, since: datetime, limit: int) -> list[str]:
    """Activations of the newest runs since then, in no order: a thousand runs are looked at, however many there were."""
    newest = (
        select(runs.c.activation)
        .where(runs.c.tenant == tenant, runs.c.started_at >= since)
        .order_by(runs.c.started_at.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    query = select(newest.c.activation).where(newest.c.activation != "").distinct().limit(limit)
    return list(conn.execute(query).scalars())


def count_runs_since(conn: Connection, tenant: int, since: datetime) -> int:
    return int(conn.execute(_COUNT_SINCE, {"of_tenant": tenant, "since": since}).scalar_one())


def set_run_state(
    conn: Connection, tenant: int, run: str, state: RunState, reason: str, ended_at: datetime | None
) -> None:
    conn.execute(
        update(runs)
        .where(runs.c.tenant == tenant, runs.c.id == run)
        .values(state=state.value, reason=reason, ended_at=ended_at)
    )


def set_resumed(conn: Connection, tenant: int, run: str, now: datetime) -> None:
    """A hold or a wait of the run is over: what follows counts its time from now."""
    conn.execute(update(runs).where(runs.c.tenant == tenant, runs.c.id == run).values(resumed_at=now))


def set_activation(conn: Connection, tenant: int, run: str, activation: str) -> None:
    """Bind the run to the activation that the authenticated answer named, whatever the webhook claimed."""
    conn.execute(update(runs).where(runs.c.tenant == tenant, runs.c.id == run).values(activation=activation))


def insert_task(conn: Connection, tenant: int, task_run: TaskRun) -> None:
    """Store a task's row unless the run has one for this task already."""
    row = {
        "tenant": tenant,
        "id": task_run.id,
        "run": task_run.run,
        "task": task_run.task,
        "type": task_run.type,
        "attempt": task_run.attempt,
        "state": task_run.state.value,
        "input": dict(task_run.input),
        "output": dict(task_run.output),
        "error": task_run.error,
        "started_at": task_run.started_at,
        "ended_at": task_run.ended_at,
    }
    insert_ignoring_known(conn, task_runs, [row])


def end_task(
    conn: Connection,
    tenant: int,
    task_run: str,
    state: TaskState,
    output: Mapping[str, Any],
    error: str,
    now: datetime,
) -> None:
    conn.execute(
        update(task_runs)
        .where(task_runs.c.tenant == tenant, task_runs.c.id == task_run)
        .values(state=state.value, output=dict(output), error=error[:2000], ended_at=now)
    )


def note_task(conn: Connection, tenant: int, task_run: str, output: Mapping[str, Any], error: str) -> None:
    """Update what a task shows while, or after, it runs."""
    conn.execute(
        update(task_runs)
        .where(task_runs.c.tenant == tenant, task_runs.c.id == task_run)
        .values(output=dict(output), error=error[:2000])
    )


def note_error(conn: Connection, tenant: int, task_run: str, error: str) -> None:
    """Say what a task waits for; what it has put out so far stays."""
    conn.execute(
        update(task_runs)
        .where(task_runs.c.tenant == tenant, task_runs.c.id == task_run)
        .values(error=error[:2000])
    )


def list_task_runs(conn: Connection, tenant: int, run: str) -> list[TaskRun]:
    rows = conn.execute(
        select(task_runs)
        .where(task_runs.c.tenant == tenant, task_runs.c.run == run)
        .order_by(task_runs.c.started_at, task_runs.c.task)
    )
    return [task_run_of(row) for row in rows]


def run_of(row: Any) -> Run:
    chosen = row.selection
    return Run(
        row.tenant,
        row.id,
        row.workflow,
        row.revision,
        RunState(row.state),
        row.event_key,
        row.activation,
        row.wave,
        tuple(row.chain),
        row.event,
        Selection(chosen["change_set"], tuple(chosen["groups"]), chosen["count"]) if chosen else None,
        row.reason,
        row.started_at,
        row.ended_at,
        row.resumed_at,
    )


def task_run_of(row: Any) -> TaskRun:
    return TaskRun(
        row.id,
        row.run,
        row.task,
        row.type,
        row.attempt,
        TaskState(row.state),
        row.input,
        row.output,
        row.error,
        row.started_at,
        row.ended_at,
    )
