"""Blocks of conditions between tasks: who of the run's contacts goes on. One evaluation per distinct set of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import gather_in, open_gathering_in
from opulse.experience.directory import views as directory
from opulse.experience.directory.models import ChangeGroup
from opulse.experience.workflows.models import ConditionGroup, Gate, Selection
from opulse.experience.workflows.registry import TaskContext, TaskResult
from opulse.experience.workflows.rules.conditions import matches_conditions
from opulse.experience.workflows.store.traces import insert_traces

GATE = "gate"
"""The output that says who goes on; a run that goes on after a crash reads it from there."""


def evaluate_gate_in(
    conn: Connection,
    context: TaskContext,
    selection: Selection | None,
    conditions: ConditionGroup,
    now: datetime,
) -> Gate:
    """Who of ``selection`` goes on, and the traces, one per group of contacts alike.

    An event that is about no contacts goes on, or does not, as a whole; its fields have no value before.
    """
    key = f"{context.run}/{context.task}"
    if selection is None:
        held, trace = matches_conditions(conditions, {}, context.event.get("fields", {}))
        insert_traces(conn, context.tenant, [_row(context, key, 0, 1, held, trace, now)])
        return Gate(held)
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    count = 0
    wanted = set(selection.groups)
    said = context.event.get("fields", {})
    for alike in directory.list_alike(conn, context.tenant, selection.change_set, conditions.fields()):
        held, trace = matches_conditions(conditions, {**said, **alike.before}, {**said, **alike.after})
        for number, members in alike.groups:
            if number in wanted:
                rows.append(_row(context, key, number, members, held, trace, now))
                if held:
                    numbers.append(number)
                    count += members
    insert_traces(conn, context.tenant, rows)
    return Gate(bool(numbers), replace(selection, groups=tuple(sorted(numbers)), count=count))


def recheck_gate_in(
    conn: Connection, context: TaskContext, conditions: ConditionGroup, now: datetime
) -> Gate:
    """Who goes on by the values that contacts have *now*; the previous side is what they had when the event came.

    Contacts who left the directory meanwhile do not go on. The work is a query per distinct set of values, not per person.
    """
    selection = context.selection
    change = directory.find_change_set(conn, context.tenant, selection.change_set) if selection else None
    if selection is None or change is None:
        return evaluate_gate_in(conn, context, selection, conditions, now)
    fields = sorted(conditions.fields())
    gathered = open_gathering_in(conn, context.tenant, change.directory, cause=change.cause, now=now)
    wanted, groups = set(selection.groups), list[ChangeGroup]()
    for alike in directory.list_alike(conn, context.tenant, change.id, fields):
        numbers = [number for number, _ in alike.groups if number in wanted]
        ids = directory.list_members_of(conn, context.tenant, change.id, numbers) if numbers else []
        groups += gather_in(
            conn, context.tenant, gathered, ids, fields, now, first=len(groups), before=alike.after
        )
    chosen = Selection(
        gathered.id, tuple(group.number for group in groups), sum(group.count for group in groups)
    )
    return evaluate_gate_in(conn, context, chosen, conditions, now)


def with_gate(result: TaskResult) -> TaskResult:
    """The result with its gate among its outputs."""
    if result.gate is None:
        return result
    chosen = result.gate.selection
    stored = {
        "open": result.gate.is_open,
        "selection": None
        if chosen is None
        else {"change_set": chosen.change_set, "groups": list(chosen.groups), "count": chosen.count},
    }
    return replace(result, output={**result.output, GATE: stored})


def gate_of(output: Mapping[str, Any]) -> Gate | None:
    """The gate that :func:`with_gate` kept; None where the task is none."""
    stored = output.get(GATE)
    if not isinstance(stored, Mapping):
        return None
    chosen = stored.get("selection")
    selection = Selection(chosen["change_set"], tuple(chosen["groups"]), chosen["count"]) if chosen else None
    return Gate(bool(stored["open"]), selection)


def _row(
    context: TaskContext, key: str, number: int, count: int, held: bool, trace: dict[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "workflow": context.workflow,
        "change_set": key,
        "number": number,
        "count": count,
        "matched": held,
        "why_not": "",
        "trace": trace,
        "activation": context.activation,
        "at": now,
    }
