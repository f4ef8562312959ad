"""Ending a run before its time, opening an ended one again, and the views of the run history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select, update

from opulse.experience.workflows.models import Run, RunState, RunView, TaskState, UnmetEvent
from opulse.experience.workflows.store.runs import run_of, runs, task_runs
from opulse.experience.workflows.store.steps import GOING_ON
from opulse.experience.workflows.store.traces import traces

_VIEWS = {
    RunView.STARTED: runs.c.state.not_in([RunState.NOT_STARTED.value, RunState.CONDITIONS_NOT_MET.value]),
    RunView.NOT_STARTED: runs.c.state == RunState.NOT_STARTED.value,
    RunView.CONDITIONS_NOT_MET: runs.c.state == RunState.CONDITIONS_NOT_MET.value,
}


def cancel_run(conn: Connection, tenant: int, run: str, why: str, now: datetime) -> bool:
    """End a run that goes on. False: it has ended."""
    done = conn.execute(
        update(runs)
        .where(runs.c.tenant == tenant, runs.c.id == run, runs.c.state.in_(GOING_ON))
        .values(state=RunState.CANCELLED.value, reason=why, ended_at=now)
    )
    conn.execute(
        update(task_runs)
        .where(
            task_runs.c.tenant == tenant,
            task_runs.c.run == run,
            task_runs.c.state == TaskState.RUNNING.value,
        )
        .values(state=TaskState.CANCELLED.value, ended_at=now)
    )
    return bool(done.rowcount)


def reopen_run(conn: Connection, tenant: int, run: str, now: datetime) -> None:
    """The run goes on: failed and cancelled tasks are to be done again, those not begun are as if they had not been met."""
    own = (task_runs.c.tenant == tenant, task_runs.c.run == run)
    conn.execute(delete(task_runs).where(*own, task_runs.c.state == TaskState.SKIPPED.value))
    conn.execute(
        update(task_runs)
        .where(*own, task_runs.c.state.in_([TaskState.FAILED.value, TaskState.CANCELLED.value]))
        .values(state=TaskState.RUNNING.value, ended_at=None)
    )
    conn.execute(
        update(runs)
        .where(runs.c.tenant == tenant, runs.c.id == run)
        .values(state=RunState.QUEUED.value, reason="", ended_at=None, resumed_at=now)
    )


def list_unmet(conn: Connection, tenant: int, workflow: str, limit: int) -> list[UnmetEvent]:
    """Events whose conditions held for nobody, so that no run was made, newest first."""
    with_run = exists().where(
        runs.c.tenant == traces.c.tenant,
        runs.c.workflow == traces.c.workflow,
        runs.c.event_key == traces.c.change_set,
    )
    at = func.max(traces.c.at)
    query = (
        select(traces.c.change_set, func.sum(traces.c["count"]).label("contacts"), at.label("at"))
        .where(
            traces.c.tenant == tenant,
            traces.c.workflow == workflow,
            traces.c.matched.is_(False),
            traces.c.change_set.not_like("RUN_%"),  # blocks between tasks have a run
            ~with_run,
        )
        .group_by(traces.c.change_set)
        .order_by(at.desc())
        .limit(limit)
    )
    return [UnmetEvent(row.change_set, int(row.contacts), row.at) for row in conn.execute(query)]


def list_view(conn: Connection, tenant: int, workflow: str, view: RunView, limit: int) -> list[Run]:
    """Runs of one view, newest first."""
    query = select(runs).where(runs.c.tenant == tenant, runs.c.workflow == workflow, _VIEWS[view])
    return [run_of(row) for row in conn.execute(query.order_by(runs.c.started_at.desc()).limit(limit))]
