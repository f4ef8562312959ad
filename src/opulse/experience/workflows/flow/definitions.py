"""Make, change, switch and delete workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
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
    return await ports.db.write(create_workflow_in, ports, tenant, document, actor, enabled, owner)


def create_workflow_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    document: WorkflowDocument,
    actor: str,
    enabled: bool,
    owner: str = "",
) -> Workflow:
    """:func:`create_workflow` inside another unit."""
    now = ports.clock.now()
    document = _prepared(ports, document, {})
    workflow = Workflow(tenant, f"WF_{random_text(15)}", 1, enabled, str(uuid4()), document, now, now)
    check_document_in(conn, tenant, document)
    store.insert_workflow(conn, workflow, actor, owner)
    _saved_in(conn, workflow)
    after = {"id": workflow.id, "enabled": enabled, **describe(document)}
    audit_in(conn, tenant, actor, "workflow.created", document.name, None, after, now)
    return workflow


async def change_workflow(
    ports: Ports, tenant: int, workflow_id: str, document: WorkflowDocument, actor: str
) -> Workflow:
    """A new revision. Runs that began keep theirs.

    Raises:
        LookupError: no such workflow.
        WorkflowProblem: see :func:`create_workflow`.
    """
    return await ports.db.write(change_workflow_in, ports, tenant, workflow_id, document, actor)


def change_workflow_in(
    conn: Connection, ports: Ports, tenant: int, workflow_id: str, document: WorkflowDocument, actor: str
) -> Workflow:
    """:func:`change_workflow` inside another unit."""
    now = ports.clock.now()
    current = store.find_workflow(conn, tenant, workflow_id)
    if current is None:
        raise LookupError(workflow_id)
    document = _prepared(ports, document, current.document.trigger.form)
    check_document_in(conn, tenant, document)
    changed = replace(current, revision=current.revision + 1, document=document, updated_at=now)
    store.update_workflow(conn, changed, actor)
    if current.document.trigger.type != document.trigger.type:
        _left_in(conn, current)
    _saved_in(conn, changed)
    before, after = ({"revision": one.revision, **describe(one.document)} for one in (current, changed))
    audit_in(conn, tenant, actor, "workflow.changed", document.name, before, after, now)
    return changed


async def switch_workflow(ports: Ports, tenant: int, workflow_id: str, enabled: bool, actor: str) -> None:
    """Turn a workflow on or off.

    Raises:
        LookupError: no such workflow.
    """
    await ports.db.write(switch_workflow_in, tenant, workflow_id, enabled, actor, ports.clock.now())


def switch_workflow_in(
    conn: Connection, tenant: int, workflow_id: str, enabled: bool, actor: str, now: datetime
) -> None:
    """:func:`switch_workflow` inside another unit."""
    workflow = store.find_workflow(conn, tenant, workflow_id)
    if workflow is None:
        raise LookupError(workflow_id)
    store.set_enabled(conn, tenant, workflow_id, enabled, now)
    _saved_in(conn, replace(workflow, enabled=enabled))
    what = "workflow.enabled" if enabled else "workflow.disabled"
    change = {"enabled": workflow.enabled}, {"enabled": enabled}
    audit_in(conn, tenant, actor, what, workflow.document.name, *change, now)


async def delete_workflow(ports: Ports, tenant: int, workflow_id: str, actor: str) -> None:
    """The workflow starts no more; its history keeps its name.

    Raises:
        LookupError: no such workflow.
    """
    await ports.db.write(delete_workflow_in, tenant, workflow_id, actor, ports.clock.now())


def delete_workflow_in(conn: Connection, tenant: int, workflow_id: str, actor: str, now: datetime) -> None:
    """:func:`delete_workflow` inside another unit."""
    workflow = store.find_workflow(conn, tenant, workflow_id)
    if workflow is None:
        raise LookupError(workflow_id)
    store.mark_deleted(conn, tenant, workflow_id, now)
    _left_in(conn, workflow)
    before = {"revision": workflow.revision, "enabled": workflow.enabled, **describe(workflow.document)}
    audit_in(conn, tenant, actor, "workflow.deleted", workflow.document.name, before, None, now)


def describe(document: WorkflowDocument) -> dict[str, Any]:
    """For the audit trail: what can be shown of it, without secrets."""
    trigger = document.trigger
    shown = TriggerDefinition(type=trigger.type, form=trigger_of(trigger).show(trigger.form))
    return document.model_copy(update={"trigger": shown}).model_dump(mode="json")


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
