"""Can this workflow be saved? Every problem is told at once, each naming its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from opulse.experience.workflows.models import (
    ConditionGroup,
    TaskDefinition,
    TriggerDefinition,
    WorkflowDocument,
)
from opulse.experience.workflows.registry import (
    FieldKind,
    TaskType,
    TriggerType,
    extension_of_task,
    find_task_type,
    find_trigger_type,
    gate_types,
)
from opulse.experience.workflows.rules.conditions import check_conditions
from opulse.experience.workflows.rules.order import plan_tasks
from opulse.experience.workflows.store import accounts


class WorkflowProblem(ValueError):
    """The workflow cannot be saved; ``problems`` say what to mend, each naming its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def check_document_in(conn: Connection, tenant: int, document: WorkflowDocument) -> None:
    """Raise WorkflowProblem with everything that is wrong, not only the first."""
    problems = [
        f"event: {problem}"
        for problem in trigger_of(document.trigger).check_in(conn, tenant, document.trigger.form)
    ]
    problems += [f"condition: {problem}" for problem in check_conditions(document.conditions)]
    if len({task.id for task in document.tasks}) != len(document.tasks):
        problems.append("tasks: two tasks have the same id")
    else:
        try:
            plan_tasks(document.tasks, gate_types())
        except ValueError as error:
            problems.append(f"tasks: {error}")
    installed = accounts.list_installs(conn, tenant)
    for number, task in enumerate(document.tasks, 1):
        problems += [f"task {number}: {problem}" for problem in _check_task(conn, tenant, task, installed)]
    if problems:
        raise WorkflowProblem(problems)


def _check_task(
    conn: Connection, tenant: int, task: TaskDefinition, installed: Mapping[str, list[str]]
) -> list[str]:
    kind: TaskType | None = find_task_type(task.type)
    extension = extension_of_task(task.type)
    if kind is None or extension is None:
        return [f"there is no task {task.type!r}"]
    if not extension.built_in and extension.name not in installed:
        return [f"install the extension {extension.title!r} first, on the page Extensions"]
    account = accounts.find_account(conn, tenant, task.account) if task.account else None
    held = {**account["fields"], **account["sealed"]} if account else {}
    problems = [
        f"{field.label} is missing"
        for field in kind.form
        if not field.default and field.is_missing(task.form.get(field.name), held)
    ]
    for one in kind.form:
        if one.kind is FieldKind.CONDITIONS:
            problems += [f"{one.label}: {problem}" for problem in _check_group(task.form.get(one.name))]
    if kind.account_fields and needs_account(kind, task.form):
        if account is None or account["extension"] != extension.name:
            problems.append("choose an account, or add one")
    elif task.account and (account is None or account["extension"] != extension.name):
        problems.append("choose an account of this extension, or none")
    return problems or kind.check_in(conn, tenant, task.form)


def needs_account(kind: TaskType, form: Mapping[str, Any]) -> bool:
    """A task with a field ``authentication`` needs an account unless that says ``none``."""
    default = next((one.default for one in kind.form if one.name == "authentication"), "")
    return str(form.get("authentication") or default) != "none"


def _check_group(stored: Any) -> list[str]:
    try:
        return check_conditions(ConditionGroup.model_validate(stored or {}))
    except ValidationError as error:
        return [f"{'/'.join(str(part) for part in one['loc'])} {one['msg']}" for one in error.errors()[:3]]


def trigger_of(definition: TriggerDefinition) -> TriggerType:
    """The extension's event. Raises WorkflowProblem where no extension offers it."""
    kind = find_trigger_type(definition.type)
    if kind is None:
        raise WorkflowProblem([f"event: there is no event {definition.type!r}"])
    return kind
