"""What runs write between their tasks, for many runs at once: how a task ended, that the next began, what the run came to.

Each statement is built once and given its rows as one JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    Update,
    case,
    cast,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from opulse.db import Instant, as_json
from opulse.db.json_rows import json_rows, micros
from opulse.experience.workflows.models import RunState, RunStep, TaskRun, TaskState
from opulse.experience.workflows.store.runs import runs, task_run_of, task_runs

GOING_ON = (RunState.QUEUED.value, RunState.RUNNING.value, RunState.HELD.value)
"""States of a run that may become another; an ended run stays as it is."""

Columns = dict[str, TypeEngine[Any]]
_KEY: Columns = {"tenant": Integer(), "id": Text()}


def write_steps(conn: Connection, steps: Sequence[RunStep]) -> list[TaskRun | None]:
    """Write them all. For each that begins a task, its row: made on the first try, its attempt counted on each further one.

    The row of a task that has ended comes back as it is.
    """
    _end_tasks(conn, [step for step in steps if step.ended is not None])
    _set_states(conn, [step for step in steps if step.state is not None])
    begun = _begin_tasks(conn, [(step.tenant, step.begun) for step in steps if step.begun is not None])
    return [
        begun[step.tenant, step.run, step.begun.task] if step.begun is not None else None for step in steps
    ]


def _end_tasks(conn: Connection, steps: Sequence[RunStep]) -> None:
    rows = [
        (step.tenant, end.id, end.state.value, _document(end.output), end.error[:2000], micros(end.at))
        for step in steps
        if (end := step.ended) is not None
    ]
    if rows:
        conn.execute(_ends(conn.dialect.name), {"ends": as_json(rows)})


def _set_states(conn: Connection, steps: Sequence[RunStep]) -> None:
    rows = [
        (step.tenant, step.run, step.state.value, micros(step.ended_at))
        for step in steps
        if step.state is not None
    ]
    if rows:
        conn.execute(_states(conn.dialect.name), {"states": as_json(rows)})


def _begin_tasks(
    conn: Connection, tasks: Sequence[tuple[int, TaskRun]]
) -> Mapping[tuple[int, str, str], TaskRun]:
    """(tenant, run, task) → the task's row as it stands now."""
    if not tasks:
        return {}
    rows = [
        (tenant, one.id, one.run, one.task, one.type, _document(one.input), micros(one.started_at))
        for tenant, one in tasks
    ]
    found = conn.execute(_begins(conn.dialect.name), {"begins": as_json(rows)})
    return {(row.tenant, row.run, row.task): task_run_of(row) for row in found}


@cache
def _ends(dialect: str) -> Update:
    columns: Columns = _KEY | {"state": Text(), "output": Text(), "error": Text(), "ended_at": Instant()}
    given = json_rows(dialect, "ends", columns)
    return (
        update(task_runs)
        .where(
            task_runs.c.tenant == given.c.tenant,
            task_runs.c.id == given.c.id,
            task_runs.c.state == TaskState.RUNNING.value,  # a person may have stopped it meanwhile
        )
        .values(
            state=given.c.state,
            output=_stored(dialect, given.c.output),
            error=given.c.error,
            ended_at=given.c.ended_at,
        )
    )


@cache
def _states(dialect: str) -> Update:
    columns: Columns = _KEY | {"state": Text(), "ended_at": Instant()}
    given = json_rows(dialect, "states", columns)
    return (
        update(runs)
        .where(runs.c.tenant == given.c.tenant, runs.c.id == given.c.id, runs.c.state.in_(GOING_ON))
        .values(state=given.c.state, reason="", ended_at=given.c.ended_at)
    )


@cache
def _begins(dialect: str) -> Any:
    columns: Columns = _KEY | {
        "run": Text(),
        "task": Text(),
        "type": Text(),
        "input": Text(),
        "started_at": Instant(),
    }
    given = json_rows(dialect, "begins", columns)
    values: dict[str, ColumnElement[Any]] = {
        **{name: given.c[name] for name in ("tenant", "id", "run", "task", "type", "started_at")},
        "input": _stored(dialect, given.c.input),
        "attempt": cast(literal(1), Integer()),
        "state": cast(literal(TaskState.RUNNING.value), Text()),
        "output": _stored(dialect, cast(literal("{}"), Text())),
        "error": cast(literal(""), Text()),
    }
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(task_runs)
    # SQLite could not tell ON CONFLICT from a join's ON without the WHERE
    statement = insert.from_select(list(values), select(*values.values()).where(true()))
    runs_still = task_runs.c.state == TaskState.RUNNING.value
    return statement.on_conflict_do_update(
        index_elements=["tenant", "run", "task"],
        set_={"attempt": case((runs_still, task_runs.c.attempt + 1), else_=task_runs.c.attempt)},
    ).returning(*task_runs.c)


def _document(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value))


def _stored(dialect: str, text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A JSON document, given as text, as its column holds it."""
    return cast(text, JSONB()) if dialect == "postgresql" else text
