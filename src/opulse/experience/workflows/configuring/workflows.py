"""Workflows with event, conditions and tasks. Names stand for the directories, lists, surveys and accounts of their forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import field_validator
from sqlalchemy import Connection

from opulse.experience.directory.configuring import list_directories_in, list_lists_in
from opulse.experience.surveys.configuring import list_keyed_in as list_surveys_in
from opulse.experience.workflows import views
from opulse.experience.workflows.configuring.accounts import list_accounts_in
from opulse.experience.workflows.flow import definitions as flow
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.models import (
    ConditionGroup,
    TaskDefinition,
    TriggerDefinition,
    Workflow,
    WorkflowDocument,
    WorkflowSettings,
)
from opulse.experience.workflows.registry import FieldKind, FormField, find_task_type, find_trigger_type
from opulse.tenancy.sections import Change, Entry, Section, Work, keyed
from opulse.wire.configuration import SECRET

NAME = "workflows"


class WorkflowEntry(Entry):
    """All that a person edits of a workflow. Its address for JSON events is its own, here and elsewhere."""

    enabled: bool = True
    location: str = "stand-alone"
    trigger: TriggerDefinition
    conditions: ConditionGroup = ConditionGroup()
    tasks: tuple[TaskDefinition, ...] = ()
    settings: WorkflowSettings = WorkflowSettings()

    @field_validator("tasks")
    @classmethod
    def _numbered(cls, tasks: tuple[TaskDefinition, ...]) -> tuple[TaskDefinition, ...]:
        """As saving would number them: else the same document would differ each time."""
        return tuple(
            task if task.id else task.model_copy(update={"id": f"task{number}"})
            for number, task in enumerate(tasks, 1)
        )


class _Names(NamedTuple):
    """For each kind of field that holds an id: what stands for what, in one direction."""

    of_field: Mapping[FieldKind, Mapping[str, str]]
    accounts: Mapping[str, str]


def list_keyed_in(conn: Connection, tenant: int) -> dict[str, Workflow]:
    """The workflows by the names that a document calls them."""
    found = sorted(views.list_workflows(conn, tenant), key=lambda one: (one.created_at, one.id))
    return keyed((one.document.name, one) for one in found)


def _ids_in(conn: Connection, tenant: int) -> _Names:
    """Name → id."""
    return _Names(
        {
            FieldKind.DIRECTORY: {key: one.id for key, one in list_directories_in(conn, tenant).items()},
            FieldKind.LIST: {key: one.id for key, one in list_lists_in(conn, tenant).items()},
            FieldKind.SURVEY: {key: one.id for key, one in list_surveys_in(conn, tenant).items()},
        },
        {key: one["id"] for key, one in list_accounts_in(conn, tenant).items()},
    )


def _turned(names: _Names) -> _Names:
    """Id → name, of name → id."""
    of_field = {kind: {one: key for key, one in known.items()} for kind, known in names.of_field.items()}
    return _Names(of_field, {one: key for key, one in names.accounts.items()})


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, WorkflowEntry]:
    names = _turned(_ids_in(conn, tenant))
    return {key: _entry(found, names) for key, found in list_keyed_in(conn, tenant).items()}


def _entry(found: Workflow, names: _Names) -> WorkflowEntry:
    document, trigger = found.document, found.document.trigger
    form = dict(trigger.form)
    if (kind := find_trigger_type(trigger.type)) is not None:
        form = kind.show(trigger.form)
        if len(form) < len(trigger.form):  # something in it is not shown: its secret is set
            form |= {field.name: SECRET for field in kind.form if field.kind is FieldKind.SECRET}
        form = _mapped(kind.form, form, names)
    tasks = []
    for task in document.tasks:
        task_type = find_task_type(task.type)
        task_form = _mapped(task_type.form, task.form, names) if task_type else dict(task.form)
        account = names.accounts.get(task.account, task.account)
        tasks.append(TaskDefinition(id=task.id, type=task.type, account=account, form=task_form))
    return WorkflowEntry(
        enabled=found.enabled,
        location=document.location,
        trigger=TriggerDefinition(type=trigger.type, form=form),
        conditions=document.conditions,
        tasks=tuple(tasks),
        settings=document.settings,
    )


def _mapped(
    fields: Sequence[FormField],
    form: Mapping[str, Any],
    names: _Names,
    unknown: Callable[[FormField, str], None] = lambda field, value: None,
) -> dict[str, Any]:
    """The form with what stands for an id in place of it, or the other way round; what is not known stays and is told."""
    kinds = {field.name: field for field in fields if field.kind in names.of_field}
    mapped = dict(form)
    for name in kinds.keys() & form.keys():
        value, known = form[name], names.of_field[kinds[name].kind]
        if isinstance(value, str) and value in known:
            mapped[name] = known[value]
        elif value:
            unknown(kinds[name], str(value))
    return mapped


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    known, ids = list_keyed_in(work.conn, work.tenant), _ids_in(work.conn, work.tenant)
    for change in changes:
        found = known.get(change.key)
        name = found.document.name if found else change.key
        document = _document(work, change.key, name, change.after, ids)
        if document is None:
            continue
        try:
            _save_one(work, change, found, document)
        except WorkflowProblem as problem:
            for text in problem.problems:
                work.refuse(NAME, change.key, f"{text[:1].upper()}{text[1:]}.")


def _save_one(work: Work, change: Change, found: Workflow | None, document: WorkflowDocument) -> None:
    entry: WorkflowEntry = change.after
    who = (work.conn, work.ports, work.tenant)
    if found is None:
        flow.create_workflow_in(*who, document, work.actor, entry.enabled)
        return
    typed = any(path.startswith(f"{NAME}/{change.key}/") for path in work.secrets)
    if typed or change.before != entry.model_copy(update={"enabled": found.enabled}):
        flow.change_workflow_in(*who, found.id, document, work.actor)
    if entry.enabled != found.enabled:
        flow.switch_workflow_in(work.conn, work.tenant, found.id, entry.enabled, work.actor, work.now)


def _document(work: Work, key: str, name: str, entry: WorkflowEntry, ids: _Names) -> WorkflowDocument | None:
    """With ids for names; None: something is not here, which is noted."""
    before = len(work.faults)
    tasks = []
    for number, task in enumerate(entry.tasks):
        where = ("tasks", str(number))
        account = ids.accounts.get(task.account, "")
        if task.account and not account:
            work.refuse(NAME, key, f"There is no account {task.account!r}.", *where, "account")
        kind = find_task_type(task.type)
        form = _form(work, key, kind.form if kind else (), task.form, ids, *where)
        tasks.append(TaskDefinition(id=task.id, type=task.type, account=account, form=form))
    event = find_trigger_type(entry.trigger.type)
    form = _form(work, key, event.form if event else (), entry.trigger.form, ids, "trigger")
    if len(work.faults) > before:
        return None
    return WorkflowDocument(
        name=name,
        location=entry.location,
        trigger=TriggerDefinition(type=entry.trigger.type, form=form),
        conditions=entry.conditions,
        tasks=tasks,
        settings=entry.settings,
    )


def _form(
    work: Work, key: str, fields: Sequence[FormField], given: Mapping[str, Any], ids: _Names, *where: str
) -> dict[str, Any]:
    def unknown(field: FormField, value: str) -> None:
        text = f"{field.label}: there is no {field.kind.value.replace('_', ' ')} called {value!r}."
        work.refuse(NAME, key, text, *where, "form", field.name)

    form = _mapped(fields, given, ids, unknown)
    for field in fields:
        if field.kind is not FieldKind.SECRET or not form.get(field.name):
            continue
        if form.pop(field.name) != SECRET:
            text = f"A secret stands in no document: write {SECRET} here, and give it when asked."
            work.refuse(NAME, key, text, *where, "form", field.name)
        elif (typed := work.secret(NAME, key, *where, "form", field.name)) is not None:
            form[field.name] = typed
    return form


def _remove_in(work: Work, keys: Sequence[str]) -> None:
    known = list_keyed_in(work.conn, work.tenant)
    for key in keys:
        flow.delete_workflow_in(work.conn, work.tenant, known[key].id, work.actor, work.now)


SECTIONS = (Section(NAME, WorkflowEntry, _read_in, _save_in, _remove_in),)
