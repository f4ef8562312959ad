"""Keep, for every event, how a workflow's conditions came out: also when nothing ran."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.flow.runs import Event
from opulse.experience.workflows.models import Workflow
from opulse.experience.workflows.rules.conditions import matches_conditions
from opulse.experience.workflows.store.traces import insert_traces


def trace_event_in(conn: Connection, workflow: Workflow, event: Event, now: datetime) -> bool:
    """Evaluate the conditions over an event that is about no contacts, store the trace, and say whether they hold.

    Every event leaves its trace, also where there is nothing to evaluate.
    """
    conditions = workflow.document.conditions
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
    note_traces_in(conn, workflow, key, [(number, count)], matched, why_not, trace, activation, now)


def note_traces_in(
    conn: Connection,
    workflow: Workflow,
    key: str,
    groups: Sequence[tuple[int, int]],
    matched: bool,
    why_not: str,
    trace: dict[str, Any],
    activation: str,
    now: datetime,
) -> None:
    """Store one trace for each of these (number, members): groups that the conditions could not tell apart."""
    rows = [
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
        }
        for number, count in groups
    ]
    insert_traces(conn, workflow.tenant, rows)
