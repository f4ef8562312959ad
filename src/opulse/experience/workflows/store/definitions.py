"""Workflows and their revisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    exists,
    insert,
    select,
    update,
)

from opulse.db import CompiledLookUp, Instant, JsonDoc, instant, metadata
from opulse.experience.workflows.models import Address, Workflow, WorkflowDocument

workflows = Table(
    "workflows",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("trigger_type", Text, nullable=False),
    Column("url_token", Text, nullable=False, unique=True),
    Column("document", JsonDoc, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("owner", Text, nullable=False, default=""),  # a person's id; empty: nobody
    Column(
        "private", Boolean, nullable=False, default=False
    ),  # only its owner and those it is shared with see it
    Column(
        "capture_until", Instant, nullable=True
    ),  # the next JSON event before then is captured, and starts nothing
    PrimaryKeyConstraint("tenant", "id"),
)

revisions = Table(
    "workflow_revisions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("document", JsonDoc, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "workflow", "number"),
    ForeignKeyConstraint(["tenant", "workflow"], ["workflows.tenant", "workflows.id"]),
)


def insert_workflow(conn: Connection, workflow: Workflow, author: str, owner: str = "") -> None:
    conn.execute(
        insert(workflows).values(
            tenant=workflow.tenant,
            id=workflow.id,
            deleted=False,
            owner=owner,
            private=False,
            url_token=workflow.url_token,
            created_at=workflow.created_at,
            **_columns(workflow),
        )
    )
    _insert_revision(conn, workflow, author)


def update_workflow(conn: Connection, workflow: Workflow, author: str) -> None:
    """Store a new revision as the current one."""
    conn.execute(
        update(workflows)
        .where(workflows.c.tenant == workflow.tenant, workflows.c.id == workflow.id)
        .values(**_columns(workflow))
    )
    _insert_revision(conn, workflow, author)


def set_enabled(conn: Connection, tenant: int, workflow: str, enabled: bool, now: datetime) -> None:
    conn.execute(
        update(workflows)
        .where(workflows.c.tenant == tenant, workflows.c.id == workflow)
        .values(enabled=enabled, updated_at=now)
    )


def mark_deleted(conn: Connection, tenant: int, workflow: str, now: datetime) -> None:
    """The workflow starts no more; its runs and its name stay readable."""
    conn.execute(
        update(workflows)
        .where(workflows.c.tenant == tenant, workflows.c.id == workflow)
        .values(deleted=True, enabled=False, updated_at=now)
    )


def find_workflow(conn: Connection, tenant: int, workflow: str) -> Workflow | None:
    row = conn.execute(
        select(workflows).where(
            workflows.c.tenant == tenant, workflows.c.id == workflow, workflows.c.deleted.is_(False)
        )
    ).one_or_none()
    return None if row is None else _workflow(row)


_BY_URL_TOKEN = CompiledLookUp(
    select(
        workflows.c.tenant,
        workflows.c.id,
        workflows.c.revision,
        workflows.c.enabled,
        workflows.c.created_at,
        workflows.c.updated_at,
        workflows.c.capture_until,
    ).where(workflows.c.url_token == bindparam("url_token"), workflows.c.deleted.is_(False)),
    "url_token",
)


def find_by_url_token(conn: Connection, url_token: str) -> Address | None:
    """Resolver of JSON-event addresses."""
    for tenant, number, revision, enabled, created, updated, capture in _BY_URL_TOKEN.rows(conn, url_token):
        until = None if capture is None else instant(capture)
        return Address(tenant, number, revision, bool(enabled), instant(created), instant(updated), until)
    return None


def list_workflows(conn: Connection, tenant: int, trigger_type: str = "") -> list[Workflow]:
    query = select(workflows).where(workflows.c.tenant == tenant, workflows.c.deleted.is_(False))
    if trigger_type:
        query = query.where(workflows.c.trigger_type == trigger_type)
    return [_workflow(row) for row in conn.execute(query.order_by(workflows.c.name))]


_LISTENED_TO = select(
    exists().where(
        workflows.c.tenant == bindparam("of_tenant"),
        workflows.c.trigger_type == bindparam("trigger"),
        workflows.c.enabled.is_(True),
        workflows.c.deleted.is_(False),
    )
)


def is_listened_to(conn: Connection, tenant: int, trigger_type: str) -> bool:
    """Whether a workflow that is on has an event of this type."""
    return bool(conn.execute(_LISTENED_TO, {"of_tenant": tenant, "trigger": trigger_type}).scalar())


def find_revision(conn: Connection, tenant: int, workflow: str, number: int) -> WorkflowDocument | None:
    found = conn.execute(
        select(revisions.c.document).where(
            revisions.c.tenant == tenant, revisions.c.workflow == workflow, revisions.c.number == number
        )
    ).scalar_one_or_none()
    return None if found is None else WorkflowDocument.model_validate(found)


def list_names(conn: Connection, tenant: int) -> dict[str, str]:
    """Workflow id → name, deleted ones too: a run's history keeps its name."""
    rows = conn.execute(select(workflows.c.id, workflows.c.name).where(workflows.c.tenant == tenant))
    return {row.id: row.name for row in rows}


def _insert_revision(conn: Connection, workflow: Workflow, author: str) -> None:
    conn.execute(
        insert(revisions).values(
            tenant=workflow.tenant,
            workflow=workflow.id,
            number=workflow.revision,
            document=workflow.document.model_dump(mode="json"),
            author=author,
            at=workflow.updated_at,
        )
    )


def _columns(workflow: Workflow) -> dict[str, Any]:
    return {
        "name": workflow.document.name,
        "revision": workflow.revision,
        "enabled": workflow.enabled,
        "trigger_type": workflow.document.trigger.type,
        "document": workflow.document.model_dump(mode="json"),
        "updated_at": workflow.updated_at,
    }


def _workflow(row: Any) -> Workflow:
    return Workflow(
        row.tenant,
        row.id,
        row.revision,
        row.enabled,
        row.url_token,
        WorkflowDocument.model_validate(row.document),
        row.created_at,
        row.updated_at,
        row.capture_until,
    )
