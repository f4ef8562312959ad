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
from opulse.experience.workflows.flow.history import list_revisions
from opulse.experience.workflows.models import Revision, Run, TaskRun
from opulse.experience.workflows.pages.shared import PortsDep, Viewer, find_workflow
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/workflows")


@dataclass(frozen=True, slots=True)
class RunsPage:
    """The newest runs of a workflow."""

    workflow: Workflow
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task of a run: what it was given, what came of it."""

    row: TaskRun
    title: str
    input: tuple[tuple[str, str], ...]
    output: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunPage:
    """One run. ``envelope``: the event as it came, as JSON text."""

    workflow: Workflow
    run: Run
    tasks: tuple[TaskShown, ...]
    fields: tuple[tuple[str, str], ...]
    envelope: str


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
    """Every save of a workflow, newest first."""

    workflow: Workflow
    revisions: tuple[Revision, ...]


@router.get("/{workflow}/runs")
async def show_runs(workflow: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The newest runs."""
    found = await find_workflow(ports, caller, workflow)
    runs = await ports.db.read(_runs, caller.tenant, workflow)
    return await page(request, "workflows/runs.html", RunsPage(found, tuple(runs)))


@router.get("/{workflow}/runs/{run}")
async def show_run(workflow: str, run: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """One run: the event, each task with its input, output and error."""
    found = await find_workflow(ports, caller, workflow)
    shown = await ports.db.read(views.find_run, caller.tenant, run)
    if shown is None or shown.workflow != workflow:
        raise NotFound("run")
    rows = await ports.db.read(views.list_task_runs, caller.tenant, run)
    envelope = json.dumps(shown.event.get("envelope", {}), indent=2, ensure_ascii=False)
    context = RunPage(
        found, shown, tuple(_task(row) for row in rows), _lines(shown.event.get("fields", {})), envelope
    )
    return await page(request, "workflows/run.html", context)


@router.get("/{workflow}/traces")
async def show_traces(workflow: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """How the conditions came out, also where nothing ran."""
    found = await find_workflow(ports, caller, workflow)
    rows = await ports.db.read(_traces, caller.tenant, workflow)
    return await page(request, "workflows/traces.html", TracesPage(found, tuple(_trace(row) for row in rows)))


@router.get("/{workflow}/revisions")
async def show_revisions(workflow: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Every save."""
    found = await find_workflow(ports, caller, workflow)
    saved = await ports.db.read(list_revisions, caller.tenant, workflow)
    return await page(request, "workflows/revisions.html", RevisionsPage(found, tuple(saved)))


def _runs(conn: Connection, tenant: int, workflow: str) -> list[Run]:
    return views.list_runs(conn, tenant, workflow=workflow, limit=100)


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
