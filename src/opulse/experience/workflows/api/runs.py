"""Runs: what happened, and steering it; traces; revisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from opulse.experience.workflows import views
from opulse.experience.workflows.api.shared import Editor, PortsDep, Viewer, level_of, open_workflow
from opulse.experience.workflows.flow import history, steering
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.models import Run, RunState, RunView, ShareLevel, TaskRun, UnmetEvent
from opulse.ports import Ports
from opulse.web.access import Caller
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1", tags=["workflows"])


class RunItem(BaseModel):
    """A run. ``id`` is empty for an event whose conditions held for nobody: no run was made of it."""

    id: str
    workflow: str
    revision: int
    state: str
    reason: str
    event_key: str
    activation: str
    wave: int
    contacts: int
    started_at: datetime
    ended_at: datetime | None


class TaskRunItem(BaseModel):
    """``input`` and ``output`` are empty for callers who may not edit the workflow."""

    id: str
    task: str
    type: str
    attempt: int
    state: str
    error: str
    input: dict[str, Any]
    output: dict[str, Any]
    started_at: datetime
    ended_at: datetime | None


class RunDetail(RunItem):
    """``event`` is empty for callers who may not edit the workflow."""

    event: dict[str, Any]
    tasks: list[TaskRunItem]


class RevisionItem(BaseModel):
    number: int
    author: str
    at: datetime


class DifferenceItem(BaseModel):
    """One place in which two revisions differ."""

    place: str
    before: str
    after: str


@router.get("/workflows/{workflow}/runs", operation_id="list_runs")
async def list_runs(
    workflow: str,
    ports: PortsDep,
    caller: Viewer,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    view: RunView | None = None,
) -> list[RunItem]:
    """The newest runs; of one ``view``, or all that were made."""
    await open_workflow(ports, caller, workflow)
    if view is None:
        found = await ports.db.read(views.list_runs, caller.tenant, workflow=workflow, limit=limit)
        return [RunItem(**_run(one)) for one in found]
    made, unmet = await history.list_history(ports, caller.tenant, workflow, view, limit)
    listed = [RunItem(**_run(one)) for one in made] + [_unmet(workflow, one) for one in unmet]
    return sorted(listed, key=lambda one: one.started_at, reverse=True)[:limit]


@router.get("/workflows/{workflow}/traces", operation_id="list_condition_traces")
async def list_traces(workflow: str, ports: PortsDep, caller: Viewer) -> list[dict[str, Any]]:
    """How the conditions came out for each event, also where nothing ran."""
    await open_workflow(ports, caller, workflow)
    found = await ports.db.read(views.list_traces, caller.tenant, workflow=workflow)
    return [{name: value for name, value in one.items() if name != "tenant"} for one in found]


@router.get("/runs/{run}", operation_id="get_run")
async def get_run(run: str, ports: PortsDep, caller: Viewer) -> RunDetail:
    """One run with its tasks."""
    found = await _find(ports, caller, run)
    level = await level_of(ports, caller, found.workflow)
    whole = level is not None and level >= ShareLevel.EDIT
    tasks = await ports.db.read(views.list_task_runs, caller.tenant, run)
    event = dict(found.event) if whole else {}
    return RunDetail(**_run(found), event=event, tasks=[_task(one, whole) for one in tasks])


@router.post("/runs/{run}/cancel", operation_id="cancel_run", status_code=204)
async def post_cancel(run: str, ports: PortsDep, caller: Editor) -> None:
    """Stop a run that goes on."""
    found = await _find(ports, caller, run)
    await open_workflow(ports, caller, found.workflow, ShareLevel.RUN)
    try:
        await steering.cancel_run(ports, caller.tenant, run, caller.name)
    except steering.RunRefusal as error:
        raise Problem(409, "the run is not cancelled", str(error)) from error


@router.post("/runs/{run}/retry", operation_id="retry_run", status_code=204)
async def post_retry(run: str, ports: PortsDep, caller: Editor) -> None:
    """Do the failed tasks of a run again."""
    found = await _find(ports, caller, run)
    await open_workflow(ports, caller, found.workflow, ShareLevel.RUN)
    try:
        await steering.retry_run(ports, caller.tenant, run, caller.name)
    except steering.RunRefusal as error:
        raise Problem(409, "the run is not retried", str(error)) from error


@router.get("/workflows/{workflow}/revisions", operation_id="list_workflow_revisions")
async def list_revisions(workflow: str, ports: PortsDep, caller: Viewer) -> list[RevisionItem]:
    """Every save, newest first."""
    await open_workflow(ports, caller, workflow)
    found = await ports.db.read(history.list_revisions, caller.tenant, workflow)
    return [RevisionItem(number=one.number, author=one.author, at=one.at) for one in found]


@router.get("/workflows/{workflow}/differences", operation_id="compare_workflow_revisions")
async def get_differences(
    workflow: str,
    ports: PortsDep,
    caller: Viewer,
    before: Annotated[int, Query(ge=1)],
    after: Annotated[int, Query(ge=1)],
) -> list[DifferenceItem]:
    """In which places two revisions differ, in words."""
    await open_workflow(ports, caller, workflow)
    try:
        found = await history.compare_revisions(ports, caller.tenant, workflow, before, after)
    except LookupError as error:
        raise NotFound("revision") from error
    return [DifferenceItem(place=one.place, before=one.before, after=one.after) for one in found]


@router.post("/workflows/{workflow}/revisions/{number}/restore", operation_id="restore_workflow_revision")
async def post_restore(workflow: str, number: int, ports: PortsDep, caller: Editor) -> RevisionItem:
    """An earlier revision becomes the newest, as a revision of its own."""
    await open_workflow(ports, caller, workflow, ShareLevel.EDIT)
    try:
        made = await steering.restore_revision(ports, caller.tenant, workflow, number, caller.name)
    except LookupError as error:
        raise NotFound("revision") from error
    except WorkflowProblem as error:
        raise Problem(422, "it cannot be restored", str(error), problems=error.problems) from error
    return RevisionItem(number=made.revision, author=caller.name, at=made.updated_at)


async def _find(ports: Ports, caller: Caller, run: str) -> Run:
    """A run of a workflow that the caller may see, or that is deleted."""
    found = await ports.db.read(views.find_run, caller.tenant, run)
    if found is None:
        raise NotFound("run")
    if await ports.db.read(views.find_workflow, caller.tenant, found.workflow) is not None:
        await open_workflow(ports, caller, found.workflow)
    return found


def _unmet(workflow: str, one: UnmetEvent) -> RunItem:
    return RunItem(
        id="",
        workflow=workflow,
        revision=0,
        state=RunState.CONDITIONS_NOT_MET.value,
        reason="the conditions held for nobody",
        event_key=one.key,
        activation="",
        wave=1,
        contacts=one.contacts,
        started_at=one.at,
        ended_at=one.at,
    )


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "workflow": run.workflow,
        "revision": run.revision,
        "state": run.state.value,
        "reason": run.reason,
        "event_key": run.event_key,
        "activation": run.activation,
        "wave": run.wave,
        "contacts": run.selection.count if run.selection else 0,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def _task(task: TaskRun, whole: bool) -> TaskRunItem:
    return TaskRunItem(
        id=task.id,
        task=task.task,
        type=task.type,
        attempt=task.attempt,
        state=task.state.value,
        error=task.error,
        input=dict(task.input) if whole else {},
        output=dict(task.output) if whole else {},
        started_at=task.started_at,
        ended_at=task.ended_at,
    )
