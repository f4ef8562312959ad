"""Make, change, switch and delete workflows; install extensions and add their accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from opulse.experience.workflows.flow.checking import check_document_in, trigger_of
from opulse.experience.workflows.models import (
    ConditionGroup,
    TaskDefinition,
    TriggerDefinition,
    Workflow,
    WorkflowDocument,
)
from opulse.experience.workflows.registry import (
    FieldKind,
    find_extension,
    find_task_type,
)
from opulse.experience.workflows.store import definitions as store
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import random_text


async def create_workflow(
    ports: Ports,
    tenant: int,
    document: WorkflowDocument,
    actor: str,
    *,
    enabled: bool = True,
    owner: str = "",
) -> Workflow:
    """A new workflow, with an address of its own for JSON events. ``owner``: a person's id; empty: every editor owns it.

    Raises:
        WorkflowProblem: with everything that is wrong, not only the first.
    """
    now = ports.clock.now()
    document = _prepared(ports, document, {})
    workflow = Workflow(tenant, f"WF_{random_text(15)}", 1, enabled, str(uuid4()), document, now, now)

    def unit(conn: Connection) -> None:
        check_document_in(conn, tenant, document)
        store.insert_workflow(conn, workflow, actor, owner)
        _saved_in(conn, workflow)
        audit_in(conn, tenant, actor, "workflow.created", document.name, None, {"id": workflow.id}, now)

    await ports.db.write(unit)
    return workflow


async def change_workflow(
    ports: Ports, tenant: int, workflow_id: str, document: WorkflowDocument, actor: str
) -> Workflow:
    """A new revision. Runs that began keep theirs.

    Raises:
        LookupError: no such workflow.
        WorkflowProblem: see :func:`create_workflow`.
    """
    now = ports.clock.now()
    before = await ports.db.read(store.find_workflow, tenant, workflow_id)
    if before is None:
        raise LookupError(workflow_id)
    document = _prepared(ports, document, before.document.trigger.form)

    def unit(conn: Connection) -> Workflow:
        current = store.find_workflow(conn, tenant, workflow_id)
        if current is None:
            raise LookupError(workflow_id)
        check_document_in(conn, tenant, document)
        changed = Workflow(
            tenant,
            workflow_id,
            current.revision + 1,
            current.enabled,
            current.url_token,
            document,
            current.created_at,
            now,
        )
        store.update_workflow(conn, changed, actor)
        if current.document.trigger.type != document.trigger.type:
            _left_in(conn, current)
        _saved_in(conn, changed)
        audit_in(
            conn,
            tenant,
            actor,
            "workflow.changed",
            document.name,
            {"revision": current.revision},
            {"revision": changed.revision},
            now,
        )
        return changed

    return await ports.db.write(unit)


async def switch_workflow(ports: Ports, tenant: int, workflow_id: str, enabled: bool, actor: str) -> None:
    """Turn a workflow on or off.

    Raises:
        LookupError: no such workflow.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        workflow = store.find_workflow(conn, tenant, workflow_id)
        if workflow is None:
            raise LookupError(workflow_id)
        store.set_enabled(conn, tenant, workflow_id, enabled, now)
        _saved_in(conn, replace(workflow, enabled=enabled))
        what = "workflow.enabled" if enabled else "workflow.disabled"
        audit_in(conn, tenant, actor, what, workflow.document.name, None, None, now)

    await ports.db.write(unit)


async def delete_workflow(ports: Ports, tenant: int, workflow_id: str, actor: str) -> None:
    """The workflow starts no more; its history keeps its name.

    Raises:
        LookupError: no such workflow.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        workflow = store.find_workflow(conn, tenant, workflow_id)
        if workflow is None:
            raise LookupError(workflow_id)
        store.mark_deleted(conn, tenant, workflow_id, now)
        _left_in(conn, workflow)
        audit_in(conn, tenant, actor, "workflow.deleted", workflow.document.name, None, None, now)

    await ports.db.write(unit)


async def install_extension(
    ports: Ports, tenant: int, name: str, domains: list[str] | None, actor: str
) -> None:
    """Accept an extension and the domains it may call (none given: those it asks for).

    Raises:
        LookupError: no such extension.
    """
    extension = find_extension(name)
    if extension is None:
        raise LookupError(name)
    allowed = list(extension.domains) if domains is None else domains
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        store.insert_install(conn, tenant, name, allowed, actor, now)
        audit_in(conn, tenant, actor, "extension.installed", name, None, {"domains": allowed}, now)

    await ports.db.write(unit)


async def add_account(
    ports: Ports, tenant: int, extension_name: str, name: str, fields: Mapping[str, str], actor: str
) -> str:
    """An account of an extension, with which its tasks sign in elsewhere. Returns its id.

    Raises:
        LookupError: no such extension.
        ValueError: a field is missing; the message names it.
    """
    extension = find_extension(extension_name)
    if extension is None:
        raise LookupError(extension_name)
    wanted = {field.name: field for task in extension.tasks for field in task.account_fields}
    missing = [field.label for field in wanted.values() if field.required and not fields.get(field.name)]
    if missing or not name.strip():
        raise ValueError(f"an account needs {', '.join(['a name'] * (not name.strip()) + missing)}")
    secret = {key for key, field in wanted.items() if field.kind is FieldKind.SECRET}
    number = str(uuid4())
    plain = {key: value for key, value in fields.items() if key in wanted and key not in secret}
    sealed = {key: ports.secrets.seal(fields[key]) for key in secret if fields.get(key)}
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        store.insert_account(conn, tenant, number, extension_name, name.strip(), plain, sealed, now)
        audit_in(conn, tenant, actor, "extension.account_added", extension_name, None, {"name": name}, now)

    await ports.db.write(unit)
    return number


def _prepared(ports: Ports, document: WorkflowDocument, known: Mapping[str, Any]) -> WorkflowDocument:
    """Every task gets an id; the trigger's secrets are sealed."""
    trigger = document.trigger
    form = trigger_of(trigger).seal(ports, trigger.form, known)
    tasks = [
        task if task.id else TaskDefinition(**{**task.model_dump(), "id": f"task{number}"})
        for number, task in enumerate(document.tasks, 1)
    ]
    return document.model_copy(
        update={"trigger": TriggerDefinition(type=trigger.type, form=form), "tasks": tasks}
    )


def _all_conditions(document: WorkflowDocument) -> ConditionGroup:
    """The workflow's own conditions and those between its tasks: the event must carry whatever any of them reads."""
    groups: list[Any] = [document.conditions]
    for task in document.tasks:
        kind = find_task_type(task.type)
        names = [one.name for one in kind.form if one.kind is FieldKind.CONDITIONS] if kind else []
        groups += [ConditionGroup.model_validate(task.form.get(name) or {}) for name in names]
    return ConditionGroup(items=groups)


def _saved_in(conn: Connection, workflow: Workflow) -> None:
    trigger = workflow.document.trigger
    trigger_of(trigger).saved_in(
        conn, workflow.tenant, workflow.id, trigger.form, _all_conditions(workflow.document), workflow.enabled
    )


def _left_in(conn: Connection, workflow: Workflow) -> None:
    """The workflow does not wait for this event any more."""
    trigger = workflow.document.trigger
    trigger_of(trigger).saved_in(
        conn, workflow.tenant, workflow.id, trigger.form, workflow.document.conditions, False
    )
