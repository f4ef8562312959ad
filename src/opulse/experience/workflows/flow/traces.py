"""Keep, for every event, how a workflow's conditions came out: also when nothing ran."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.flow.runs import Event
from opulse.experience.workflows.models import Workflow
from opulse.experience.workflows.rules.conditions import matches_conditions
from opulse.experience.workflows.store.runs import insert_trace


def trace_event_in(conn: Connection, workflow: Workflow, event: Event, now: datetime) -> bool:
    """Evaluate the conditions over an event that is about no contacts, store the trace, and say whether they hold."""
    conditions = workflow.document.conditions
    if not conditions.items:
        return True
    matched, trace = matches_conditions(conditions, {}, event.body.get("fields", {}))
    note_trace_in(conn, workflow, event.key, 0, 1, matched, "", trace, event.activation, now)
    return matched


def note_trace_in(
    conn: Connection,
    workflow: Workflow,
    key: str,
    number: int,
    count: int,
    matched: bool,
    why_not: str,
    trace: dict[str, Any],
    activation: str,
    now: datetime,
) -> None:
    """Store one trace: of group ``number`` of the change set (or event) ``key``, which stands for ``count`` contacts."""
    insert_trace(
        conn,
        workflow.tenant,
        {
            "workflow": workflow.id,
            "change_set": key,
            "number": number,
            "count": count,
            "matched": matched,
            "why_not": why_not,
            "trace": trace,
            "activation": activation,
            "at": now,
        },
    )
