"""What a run writes between its tasks: how one ended, that the next began, what the run came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.workflows.flow.notices import announce_ends_in
from opulse.experience.workflows.models import RunState, RunStep, TaskEnd, TaskRun
from opulse.experience.workflows.registry import TaskResult
from opulse.experience.workflows.store.steps import write_steps
from opulse.jobs import Job
from opulse.jobs.table import complete_all
from opulse.ports import Ports


@dataclass(frozen=True)
class _Written:
    """One step of a run, and the job that ends with it."""

    step: RunStep
    job: Job | None


def _write_all_in(conn: Connection, items: Sequence[_Written]) -> list[TaskRun | None]:
    rows = write_steps(conn, [item.step for item in items])
    announce_ends_in(
        conn,
        [
            (one.step.tenant, one.step.run, one.step.state)
            for one in items
            if one.step.state and one.step.ended_at
        ],
    )
    if done := [item.job for item in items if item.job is not None]:
        complete_all(conn, done)
    return rows


class Progress:
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
