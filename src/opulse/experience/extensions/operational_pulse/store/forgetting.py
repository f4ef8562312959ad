"""What is forgotten of answers at Qualtrics: who gave them, and free texts, which can name their author."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, select, update

from opulse.db import json_list
from opulse.experience.extensions.operational_pulse.models import AnswerState
from opulse.experience.extensions.operational_pulse.store.answer_tables import answers_there
from opulse.experience.extensions.operational_pulse.store.answers import without_words

_TABLE = answers_there.c
_FORGOTTEN = case((_TABLE.state == AnswerState.TOLD.value, AnswerState.FORGOTTEN.value), else_=_TABLE.state)


def forget_answers_of(conn: Connection, tenant: int, rows: Iterable[tuple[str, str, str]]) -> None:
    """Of these (task run, system, person) nobody is named as having said anything, and their words are gone.

    What was not read yet will not be. Counts stay: they name nobody.
    """
    by_run: dict[str, set[str]] = {}
    for task_run, _, person in rows:
        by_run.setdefault(task_run, set()).add(person)
    for task_run, people in by_run.items():
        wanted = json_list(conn, people)
        theirs = and_(
            _TABLE.tenant == tenant,
            _TABLE.task_run == task_run,
            _TABLE.person.in_(select(wanted.c.value)),
        )
        _drop_words(conn, theirs, len(people))
        conn.execute(update(answers_there).where(theirs).values(person="", state=_FORGOTTEN))


def forget_old_words(conn: Connection, tenant: int, before: datetime, limit: int) -> int:
    """Free texts of answers that were completed before then. Returns how many answers had any."""
    return _drop_words(conn, and_(_TABLE.tenant == tenant, _TABLE.completed_at < before), limit)


def cut_old_people(conn: Connection, tenant: int, before: datetime, limit: int) -> int:
    """Who gave answers that were completed before then. Returns how many."""
    old = (_TABLE.tenant == tenant, _TABLE.completed_at < before, _TABLE.person != "")
    keys = conn.execute(select(_TABLE.task_run, _TABLE.response).where(*old).limit(limit)).all()
    if keys:
        conn.execute(
            update(answers_there).where(_TABLE.tenant == tenant, *_one()).values(person=""),
            [{"of_run": row.task_run, "of_response": row.response} for row in keys],
        )
    return len(keys)


def _drop_words(conn: Connection, where: ColumnElement[bool], limit: int) -> int:
    """A loop over answers is right here: each has its own texts."""
    rows = conn.execute(
        select(_TABLE.tenant, _TABLE.task_run, _TABLE.response, _TABLE.answers)
        .where(where, _TABLE.has_words)
        .limit(limit)
    ).all()
    if rows:
        statement = (
            update(answers_there)
            .where(_TABLE.tenant == bindparam("of_tenant"), *_one())
            .values(has_words=False, answers=bindparam("left", type_=_TABLE.answers.type))
        )
        given = [
            {
                "of_tenant": row.tenant,
                "of_run": row.task_run,
                "of_response": row.response,
                "left": without_words(row.answers),
            }
            for row in rows
        ]
        conn.execute(statement, given)
    return len(rows)


def _one() -> tuple[ColumnElement[bool], ...]:
    found: tuple[Any, ...] = (
        _TABLE.task_run == bindparam("of_run"),
        _TABLE.response == bindparam("of_response"),
    )
    return found
