"""Tasks of a workflow: picked from the extensions, set up by the form that each declares, ordered, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from opulse.experience.workflows import TaskType, Workflow, find_task_type, list_extensions, views
from opulse.experience.workflows.flow.accounts import add_account
from opulse.experience.workflows.flow.checking import WorkflowProblem, needs_account
from opulse.experience.workflows.models import ShareLevel, TaskDefinition
from opulse.experience.workflows.pages.conditions import (
    ConditionChoices,
    EditedGroup,
    built,
    choices_of,
)
from opulse.experience.workflows.pages.events import objects_of
from opulse.experience.workflows.pages.forms import (
    FieldView,
    Pipe,
    draw,
    errors_by_field,
    pipes_of,
    read,
    sentence,
    task_pipes,
    with_pipe,
)
from opulse.experience.workflows.pages.groups import read_groups
from opulse.experience.workflows.pages.shared import (
    Editor,
    PortsDep,
    Text,
    find_workflow,
    posted,
    save_document,
    texts,
)
from opulse.experience.workflows.registry import extension_of_task, find_trigger_type
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller
from opulse.wire.identifiers import random_text

router = APIRouter(prefix="/workflows")
NEW = "new"
NEW_ACCOUNT = "account."  # what the names of a new account's inputs begin with


@dataclass(frozen=True, slots=True)
class Tile:
    """A task that may be picked; ``install``: the extension that must be installed first, empty when it is."""

    type: str
    title: str
    help: str
    install: str


@dataclass(frozen=True, slots=True)
class TaskPickerPage:
    """Select an extension that matches what you want to do."""

    workflow: Workflow
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A task's form; ``task`` is ``new`` for one that is not stored yet. ``accounts``: (id, name)."""

    workflow: Workflow
    task: str
    type: str
    title: str
    extension: str
    fields: tuple[FieldView, ...]
    pipes: tuple[Pipe, ...]
    choices: ConditionChoices
    accounts: tuple[tuple[str, str], ...]
    account: str
    account_fields: tuple[FieldView, ...]
    account_name: str
    optional_account: bool  # an authentication of the form decides whether one is needed
    errors: dict[str, str]


@router.get("/{workflow}/tasks/new")
async def show_new_task(
    workflow: str, request: Request, ports: PortsDep, caller: Editor, type: str = ""
) -> Response:
    """The extensions to pick from, or the form of the one that was picked."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    kind = find_task_type(type)
    if kind is None:
        context = TaskPickerPage(found, await _tiles(ports, caller))
        return await page(request, "workflows/pick_task.html", context)
    return await _show(request, ports, caller, found, TaskDefinition(id=NEW, type=type), {})


@router.get("/{workflow}/tasks/{task}")
async def show_task(workflow: str, task: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """A task's form as it is stored."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    return await _show(request, ports, caller, found, _task(found, task), {})


@router.post("/{workflow}/tasks/{task}")
async def save_task(workflow: str, task: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Store the task, or put a pipe into one of its fields (``insert``) or show more rows (``do``)."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    sent = await posted(request)
    type_ = str(sent.get("type") or "") if task == NEW else _task(found, task).type
    kind = find_task_type(type_)
    if kind is None:
        raise NotFound("task")
    form = read(kind.form, sent)
    if insert := str(sent.get("insert") or ""):
        with_pipe(form, insert, sent)
    groups, errors = read_groups(kind, texts(sent))
    if not errors:
        form |= {name: built(group).model_dump(mode="json") for name, group in groups.items()}
    edited = TaskDefinition(id=task, type=type_, account=str(sent.get("account") or ""), form=form)
    if insert or sent.get("do"):
        return await _show(request, ports, caller, found, edited, {}, sent, groups)
    if errors:
        return await _show(request, ports, caller, found, edited, errors, sent, groups)
    if edited.account == NEW and not needs_account(kind, form):
        edited = edited.model_copy(update={"account": ""})
    if kind.account_fields and edited.account == NEW:
        account, errors = await _add_account(ports, caller, kind, sent)
        if errors:
            return await _show(request, ports, caller, found, edited, errors, sent)
        edited = edited.model_copy(update={"account": account})
    try:
        await save_document(ports, caller, found, tasks=_with(found, edited))
    except WorkflowProblem as problem:
        errors = errors_by_field(
            kind.form, problem.problems, "account" if kind.account_fields else kind.form[0].name
        )
        return await _show(request, ports, caller, found, edited, errors, sent, groups)
    return see_other(f"/workflows/{workflow}", f"The task {kind.title} is saved.")


@router.post("/{workflow}/tasks/{task}/move")
async def save_task_place(
    workflow: str, task: str, ports: PortsDep, caller: Editor, to: Text = "up"
) -> Response:
    """Do the task one place earlier or later."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    tasks = list(found.document.tasks)
    place = tasks.index(_task(found, task))
    other = place - 1 if to == "up" else place + 1
    if 0 <= other < len(tasks):
        tasks[place], tasks[other] = tasks[other], tasks[place]
        if problem := await _save_tasks(ports, caller, found, tasks):
            return see_other(f"/workflows/{workflow}#tasks", problem, "red")
    return see_other(f"/workflows/{workflow}#tasks")


@router.post("/{workflow}/tasks/{task}/remove")
async def save_task_removal(workflow: str, task: str, ports: PortsDep, caller: Editor) -> Response:
    """Take the task out; runs that began with it keep it."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    gone = _task(found, task)
    problem = await _save_tasks(
        ports, caller, found, [one for one in found.document.tasks if one is not gone]
    )
    return see_other(
        f"/workflows/{workflow}", problem or "The task is removed.", "red" if problem else "green"
    )


async def _save_tasks(ports: Ports, caller: Caller, workflow: Workflow, tasks: list[TaskDefinition]) -> str:
    """Store the tasks. Returns what stands in the way, empty when nothing does."""
    try:
        await save_document(ports, caller, workflow, tasks=tasks)
    except WorkflowProblem as problem:
        return " ".join(sentence(one) for one in problem.problems)
    return ""


async def _add_account(
    ports: Ports, caller: Caller, kind: TaskType, sent: FormData
) -> tuple[str, dict[str, str]]:
    """Make the account that was typed into the task's form: its id, or what was wrong."""
    extension = extension_of_task(kind.type)
    if extension is None:
        raise NotFound("extension")
    name = str(sent.get(f"{NEW_ACCOUNT}name") or "")
    typed = {one.name: str(sent.get(NEW_ACCOUNT + one.name) or "").strip() for one in kind.account_fields}
    errors = {
        NEW_ACCOUNT + one.name: f"{one.label} is missing."
        for one in kind.account_fields
        if one.is_missing(typed[one.name], typed)
    }
    if not name.strip():
        errors[f"{NEW_ACCOUNT}name"] = "Give the account a name."
    if errors:
        return "", errors
    return await add_account(ports, caller.tenant, extension.name, name, typed, caller.name), {}


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    workflow: Workflow,
    task: TaskDefinition,
    errors: dict[str, str],
    sent: Mapping[str, Any] | None = None,
    groups: Mapping[str, EditedGroup] = MappingProxyType({}),
) -> Response:
    kind, extension = find_task_type(task.type), extension_of_task(task.type)
    if kind is None or extension is None:
        raise NotFound("task")
    objects = await objects_of(ports, caller)
    accounts = await ports.db.read(views.list_accounts, caller.tenant, extension.name)
    typed = {one.name: (sent or {}).get(NEW_ACCOUNT + one.name, "") for one in kind.account_fields}
    own_errors = {name.removeprefix(NEW_ACCOUNT): words for name, words in errors.items()}
    trigger = find_trigger_type(workflow.document.trigger.type)
    names = trigger.field_names(workflow.document.trigger.form) if trigger else []
    context = TaskPage(
        workflow,
        task.id,
        task.type,
        kind.title,
        extension.title,
        draw(kind.form, task.form, objects, errors, groups=groups),
        (*pipes_of(names), *task_pipes(workflow.document.tasks, task.id)),
        choices_of([*reversed(names), *sorted(workflow.document.conditions.fields())], errors),
        tuple((one["id"], one["name"]) for one in accounts),
        task.account or _first_account(kind, task, accounts),
        draw(kind.account_fields, typed, objects, own_errors),
        str((sent or {}).get(f"{NEW_ACCOUNT}name", "")),
        any(one.name == "authentication" for one in kind.form),
        errors,
    )
    return await page(request, "workflows/task.html", context, 422 if errors else 200)


def _first_account(kind: TaskType, task: TaskDefinition, accounts: list[dict[str, Any]]) -> str:
    """What is chosen before anybody chose: the only account there is, or a new one where one is needed."""
    if len(accounts) == 1 and needs_account(kind, task.form):
        return str(accounts[0]["id"])
    return "" if accounts or not needs_account(kind, task.form) else NEW


async def _tiles(ports: Ports, caller: Caller) -> tuple[Tile, ...]:
    installed = await ports.db.read(views.list_installs, caller.tenant)
    return tuple(
        Tile(
            task.type,
            task.title,
            extension.help,
            "" if extension.built_in or extension.name in installed else extension.name,
        )
        for extension in list_extensions()
        for task in extension.tasks
    )


def _task(workflow: Workflow, task: str) -> TaskDefinition:
    for one in workflow.document.tasks:
        if one.id == task:
            return one
    raise NotFound("task")


def _with(workflow: Workflow, task: TaskDefinition) -> list[TaskDefinition]:
    """The workflow's tasks with this one in its place, or at the end when it is new."""
    tasks = workflow.document.tasks
    if task.id == NEW:
        return [*tasks, task.model_copy(update={"id": f"task_{random_text(8)}"})]
    return [task if one.id == task.id else one for one in tasks]
