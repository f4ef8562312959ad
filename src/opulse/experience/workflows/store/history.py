"""What a person reads about a workflow's past: its revisions, and how its runs went."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from opulse.experience.workflows.models import LastRun, Revision, RunState, WorkflowDocument
from opulse.experience.workflows.store.definitions import revisions
from opulse.experience.workflows.store.runs import runs


def list_revisions(conn: Connection, tenant: int, workflow: str, limit: int = 100) -> list[Revision]:
    """Newest first."""
    rows = conn.execute(
        select(revisions)
        .where(revisions.c.tenant == tenant, revisions.c.workflow == workflow)
        .order_by(revisions.c.number.desc())
        .limit(limit)
    )
    return [
        Revision(row.number, WorkflowDocument.model_validate(row.document), row.author, row.at)
        for row in rows
    ]


def last_runs(conn: Connection, tenant: int) -> dict[str, LastRun]:
    """Workflow id → its newest run and how many it had."""
    ranked = (
        select(
            runs.c.workflow,
            runs.c.state,
            runs.c.started_at,
            func.count().over(partition_by=runs.c.workflow).label("total"),
            func.row_number()
            .over(partition_by=runs.c.workflow, order_by=(runs.c.started_at.desc(), runs.c.id))
            .label("place"),
        )
        .where(runs.c.tenant == tenant)
        .subquery()
    )
    rows = conn.execute(select(ranked).where(ranked.c.place == 1))
    return {row.workflow: LastRun(RunState(row.state), row.started_at, row.total) for row in rows}
