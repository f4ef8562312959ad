"""The workflow editor: event, conditions, tasks on one page; switch, settings, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from opulse.experience.workflows import Workflow, find_task_type, find_trigger_type, views
from opulse.experience.workflows.flow.addresses import trigger_url
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.flow.definitions import delete_workflow, switch_workflow
from opulse.experience.workflows.models import ShareLevel, TaskDefinition, WorkflowSettings
from opulse.experience.workflows.pages.conditions import (
    ConditionChoices,
    EditedGroup,
    built,
    change_conditions,
    check_conditions,
    choices_of,
    edited,
    first_lines,
    read_conditions,
)
from opulse.experience.workflows.pages.events import objects_of
from opulse.experience.workflows.pages.forms import FieldView, Objects, draw, sentence
from opulse.experience.workflows.pages.listing import event_title, locations
from opulse.experience.workflows.pages.shared import (
    Editor,
    PortsDep,
    Text,
    Viewer,
    find_workflow,
    level_of,
    may_edit,
    posted,
    save_document,
    texts,
)
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/workflows")
ON_FAILURE = (
    ("continue", "Go on with the remaining tasks"),
    ("stop", "Do not begin the tasks that take values from it"),
)
RETRY = (("24h", "For 24 hours"), ("15min", "For 15 minutes"), ("none", "Not at all"))


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task on the editor's page: its title, its account, and the values that are set."""

    task: TaskDefinition
    title: str
    account: str
    fields: tuple[FieldView, ...]
    known: bool
    gate: EditedGroup | None  # of a block of conditions


@dataclass(frozen=True, slots=True)
class EditorPage:
    """One workflow. ``unsaved``: the conditions shown are typed and not stored yet."""

    workflow: Workflow
    event: str
    event_fields: tuple[FieldView, ...]
    url: str
    conditions: EditedGroup
    choices: ConditionChoices
    tasks: tuple[TaskCard, ...]
    errors: dict[str, str]
    unsaved: bool
    may_edit: bool


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Name, location, what happens when a task fails."""

    workflow: Workflow
    name: str
    locations: tuple[tuple[str, str], ...]
    errors: dict[str, str]
    on_failure: tuple[tuple[str, str], ...] = ON_FAILURE
    retry: tuple[tuple[str, str], ...] = RETRY


@router.get("/{workflow}")
async def show_workflow(workflow: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Event, conditions and tasks."""
    found = await find_workflow(ports, caller, workflow)
    return await _show(request, ports, caller, found, edited(found.document.conditions))


@router.get("/{workflow}/conditions")
async def show_conditions(workflow: str, ports: PortsDep, caller: Viewer) -> Response:
    """The editor: a form shown again leaves this address in the browser, where a reload or a bookmark asks for it."""
    await find_workflow(ports, caller, workflow)
    return RedirectResponse(f"/workflows/{workflow}", status_code=303)


@router.post("/{workflow}/conditions")
async def save_conditions(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Store the conditions, or add, insert or remove a line (``do``) and show the form again."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    sent = texts(await posted(request))
    group = read_conditions(sent)
    button = sent.get("do", "")
    if button:
        kind = find_trigger_type(found.document.trigger.type)
        names = kind.field_names(found.document.trigger.form) if kind else []
        first = first_lines(names) if kind and getattr(kind, "has_previous", False) else ()
        change_conditions(group, button, first)
        return await _show(request, ports, caller, found, group, unsaved=True)
    errors = check_conditions(group)
    if errors:
        return await _show(request, ports, caller, found, group, errors, unsaved=True)
    try:
        await save_document(ports, caller, found, conditions=built(group))
    except WorkflowProblem as problem:
        return await _show(request, ports, caller, found, group, _elsewhere(problem), unsaved=True)
    return see_other(f"/workflows/{workflow}#main", "The conditions are saved.")


@router.post("/{workflow}/switch")
async def save_switch(workflow: str, ports: PortsDep, caller: Editor, on: Text = "") -> Response:
    """Turn the workflow on or off."""
    await find_workflow(ports, caller, workflow, ShareLevel.RUN)
    await switch_workflow(ports, caller.tenant, workflow, bool(on), caller.name)
    words = "The workflow is on." if on else "The workflow is off: events start nothing."
    return see_other(f"/workflows/{workflow}", words, "green" if on else "purple")


@router.get("/{workflow}/settings")
async def show_settings(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Name, location, retries."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    return await _settings(request, ports, caller, found, found.document.name, {})


@router.post("/{workflow}/settings")
async def save_settings(
    workflow: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    location: Text = "stand-alone",
    on_failure: Text = "continue",
    retry: Text = "24h",
    manual_retry: Text = "",
) -> Response:
    """Store name, location and what happens when a task fails."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    if not name.strip():
        errors = {"name": "Give the workflow a name."}
        return await _settings(request, ports, caller, found, name, errors)
    tries: Literal["24h", "15min", "none"] = (
        "15min" if retry == "15min" else "none" if retry == "none" else "24h"
    )
    settings = WorkflowSettings(
        on_failure="stop" if on_failure == "stop" else "continue",
        retry=tries,
        manual_retry=bool(manual_retry),
    )
    try:
        await save_document(
            ports, caller, found, name=name.strip()[:200], location=location, settings=settings
        )
    except WorkflowProblem as problem:
        return await _settings(request, ports, caller, found, name, _elsewhere(problem))
    return see_other(f"/workflows/{workflow}", "Saved.")


@router.post("/{workflow}/delete")
async def save_deletion(workflow: str, ports: PortsDep, caller: Editor) -> Response:
    """Delete it; its history keeps its name."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.OWNER)
    await delete_workflow(ports, caller.tenant, workflow, caller.name)
    return see_other("/workflows", f"{found.document.name} is deleted.")


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    workflow: Workflow,
    conditions: EditedGroup,
    errors: dict[str, str] | None = None,
    unsaved: bool = False,
) -> Response:
    kind = find_trigger_type(workflow.document.trigger.type)
    form = workflow.document.trigger.form
    names = kind.field_names(form) if kind else []
    objects = await objects_of(ports, caller)
    accounts = await ports.db.read(views.list_accounts, caller.tenant)
    account_names = {one["id"]: one["name"] for one in accounts}
    context = EditorPage(
        workflow,
        event_title(workflow),
        draw(kind.form, kind.show(form), objects, {}, blank_rows=0) if kind else (),
        trigger_url(ports, workflow),
        conditions,
        choices_of([*reversed(names), *sorted(workflow.document.conditions.fields())], errors or {}),
        tuple(_card(one, account_names, objects) for one in workflow.document.tasks),
        errors or {},
        unsaved,
        may_edit(caller) and await level_of(ports, caller, workflow.id) >= ShareLevel.EDIT,
    )
    return await page(request, "workflows/show.html", context, 422 if errors else 200)


def _elsewhere(problem: WorkflowProblem) -> dict[str, str]:
    """What stands in the way in another part of the workflow: nothing is stored while a task cannot be."""
    return {"tasks": " ".join(sentence(one) for one in problem.problems)}


def _card(task: TaskDefinition, accounts: dict[str, str], objects: Objects) -> TaskCard:
    kind = find_task_type(task.type)
    if kind is None:
        return TaskCard(task, task.type, "", (), False, None)
    fields = draw(kind.form, task.form, objects, {}, blank_rows=0)
    gate = next((one.conditions for one in fields if one.conditions is not None), None)
    return TaskCard(task, kind.title, accounts.get(task.account, ""), fields, True, gate)


async def _settings(
    request: Request, ports: Ports, caller: Caller, workflow: Workflow, name: str, errors: dict[str, str]
) -> Response:
    context = SettingsPage(workflow, name, await locations(ports, caller.tenant), errors)
    return await page(request, "workflows/settings.html", context, 422 if errors else 200)
