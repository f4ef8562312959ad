"""What a workflow did: its runs, one run with its tasks, why nothing ran, and its revisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.experience.workflows import Workflow, find_task_type, views
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.flow.history import compare_revisions, list_history, list_revisions
from opulse.experience.workflows.flow.steering import RunRefusal, cancel_run, restore_revision, retry_run
from opulse.experience.workflows.models import (
    Difference,
    Revision,
    Run,
    RunState,
    RunView,
    ShareLevel,
    TaskRun,
    UnmetEvent,
)
from opulse.experience.workflows.pages.forms import sentence
from opulse.experience.workflows.pages.shared import (
    Editor,
    PortsDep,
    Viewer,
    find_workflow,
    level_of,
    may_edit,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/workflows")
VIEWS = (
    (RunView.STARTED.value, "Started, with tasks run"),
    (RunView.NOT_STARTED.value, "Failed to start after triggered"),
    (RunView.CONDITIONS_NOT_MET.value, "Conditions not met"),
)


@dataclass(frozen=True, slots=True)
class RunsPage:
    """The newest runs of one view; ``unmet``: events of which no run was made, for their conditions held for nobody."""

    workflow: Workflow
    view: RunView
    runs: tuple[Run, ...]
    unmet: tuple[UnmetEvent, ...]
    views: tuple[tuple[str, str], ...] = VIEWS


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task of a run: what it was given, what came of it."""

    row: TaskRun
    title: str
    input: tuple[tuple[str, str], ...]
    output: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunPage:
    """One run. ``envelope``: the event as it came, as JSON text. ``whole``: the caller may see what events and tasks carried."""

    workflow: Workflow
    run: Run
    tasks: tuple[TaskShown, ...]
    fields: tuple[tuple[str, str], ...]
    envelope: str
    whole: bool
    may_cancel: bool
    may_retry: bool


@dataclass(frozen=True, slots=True)
class TraceShown:
    """How the conditions came out for contacts who were alike: ``why_not`` when they were not asked at all."""

    event: str
    count: int
    matched: bool
    why_not: str
    trace: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class TracesPage:
    """The newest traces of a workflow."""

    workflow: Workflow
    traces: tuple[TraceShown, ...]


@dataclass(frozen=True, slots=True)
class RevisionsPage:
    """Every save of a workflow, newest first; ``differences`` between two of them where two are chosen."""

    workflow: Workflow
    revisions: tuple[Revision, ...]
    before: int
    after: int
    differences: tuple[Difference, ...]
    may_restore: bool


@router.get("/{workflow}/runs")
async def show_runs(
    workflow: str, request: Request, ports: PortsDep, caller: Viewer, view: str = ""
) -> Response:
    """The newest runs that started; or those that failed to start; or the events whose conditions did not hold."""
    found = await find_workflow(ports, caller, workflow)
    chosen = RunView(view) if view in set(RunView) else RunView.STARTED
    runs, unmet = await list_history(ports, caller.tenant, workflow, chosen, 100)
    return await page(request, "workflows/runs.html", RunsPage(found, chosen, tuple(runs), tuple(unmet)))


@router.get("/{workflow}/runs/{run}")
async def show_run(workflow: str, run: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """One run: the event, each task with its input, output and error."""
    found = await find_workflow(ports, caller, workflow)
    shown = await ports.db.read(views.find_run, caller.tenant, run)
    if shown is None or shown.workflow != workflow:
        raise NotFound("run")
    rows = await ports.db.read(views.list_task_runs, caller.tenant, run)
    envelope = json.dumps(shown.event.get("envelope", {}), indent=2, ensure_ascii=False)
    level = await level_of(ports, caller, workflow)
    whole, steers = (
        level >= ShareLevel.EDIT and may_edit(caller),
        level >= ShareLevel.RUN and may_edit(caller),
    )
    again = shown.state in (RunState.FAILED, RunState.PARTLY_FAILED, RunState.CANCELLED)
    context = RunPage(
        found,
        shown,
        tuple(_task(row) for row in rows),
        _lines(shown.event.get("fields", {})) if whole else (),
        envelope if whole else "",
        whole,
        steers and not shown.is_over,
        steers and again and found.document.settings.manual_retry,
    )
    return await page(request, "workflows/run.html", context)


@router.post("/{workflow}/runs/{run}/cancel")
async def save_cancel(workflow: str, run: str, ports: PortsDep, caller: Editor) -> Response:
    """Stop a run that goes on."""
    await _own_run(ports, caller, workflow, run)
    address = f"/workflows/{workflow}/runs/{run}"
    try:
        await cancel_run(ports, caller.tenant, run, caller.name)
    except RunRefusal as refusal:
        return see_other(address, f"Not cancelled: {refusal}.", "red")
    return see_other(address, "The run is cancelled.", "purple")


@router.post("/{workflow}/runs/{run}/retry")
async def save_retry(workflow: str, run: str, ports: PortsDep, caller: Editor) -> Response:
    """Do the failed tasks of a run again."""
    await _own_run(ports, caller, workflow, run)
    address = f"/workflows/{workflow}/runs/{run}"
    try:
        await retry_run(ports, caller.tenant, run, caller.name)
    except RunRefusal as refusal:
        return see_other(address, f"Not done again: {refusal}.", "red")
    return see_other(address, "What failed is done again.")


@router.get("/{workflow}/traces")
async def show_traces(workflow: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """How the conditions came out, also where nothing ran."""
    found = await find_workflow(ports, caller, workflow)
    rows = await ports.db.read(_traces, caller.tenant, workflow)
    return await page(request, "workflows/traces.html", TracesPage(found, tuple(_trace(row) for row in rows)))


@router.get("/{workflow}/revisions")
async def show_revisions(
    workflow: str, request: Request, ports: PortsDep, caller: Viewer, before: int = 0, after: int = 0
) -> Response:
    """Every save, and what two of them differ in: the newest and the one before it, unless others are chosen."""
    found = await find_workflow(ports, caller, workflow)
    saved = await ports.db.read(list_revisions, caller.tenant, workflow)
    newer = after or found.revision
    older = before or max(1, newer - 1)
    try:
        differences = await compare_revisions(ports, caller.tenant, workflow, older, newer)
    except LookupError as error:
        raise NotFound("revision") from error
    may_restore = may_edit(caller) and await level_of(ports, caller, workflow) >= ShareLevel.EDIT
    context = RevisionsPage(found, tuple(saved), older, newer, tuple(differences), may_restore)
    return await page(request, "workflows/revisions.html", context)


@router.post("/{workflow}/revisions/{number}/restore")
async def save_restore(workflow: str, number: int, ports: PortsDep, caller: Editor) -> Response:
    """An earlier revision becomes the newest."""
    await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    address = f"/workflows/{workflow}/revisions"
    try:
        made = await restore_revision(ports, caller.tenant, workflow, number, caller.name)
    except LookupError as error:
        raise NotFound("revision") from error
    except WorkflowProblem as problem:
        words = " ".join(sentence(one) for one in problem.problems)
        return see_other(address, f"Not restored. {words}", "red")
    return see_other(address, f"Revision {number} is in force again, as revision {made.revision}.")


async def _own_run(ports: Ports, caller: Caller, workflow: str, run: str) -> None:
    """The run is one of this workflow, which the caller may run."""
    await find_workflow(ports, caller, workflow, ShareLevel.RUN)
    found = await ports.db.read(views.find_run, caller.tenant, run)
    if found is None or found.workflow != workflow:
        raise NotFound("run")


def _traces(conn: Connection, tenant: int, workflow: str) -> list[dict[str, Any]]:
    return views.list_traces(conn, tenant, workflow=workflow, limit=100)


def _trace(row: Mapping[str, Any]) -> TraceShown:
    return TraceShown(
        row["change_set"], row["count"], row["matched"], row["why_not"], row["trace"], row["at"]
    )


def _task(row: TaskRun) -> TaskShown:
    kind = find_task_type(row.type)
    labels = {one.name: one.label for one in kind.form} if kind else {}
    given = {labels.get(name, name): value for name, value in row.input.items()}
    return TaskShown(row, kind.title if kind else row.type, _lines(given), _lines(row.output))


def _lines(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(name), _text(value)) for name, value in values.items() if value not in ("", None, {}, [])
    )


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
