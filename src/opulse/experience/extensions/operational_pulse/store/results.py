"""What answers at Qualtrics amount to for an incident."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from opulse.db import Instant
from opulse.experience.extensions.operational_pulse.models import AnswerState, SurveyThere
from opulse.experience.extensions.operational_pulse.store.answer_tables import (
    TEXT,
    answer_looks,
    answers_there,
    counts_there,
)
from opulse.experience.extensions.operational_pulse.store.asked import handed_asks

WORDS_MAX = 200


def list_surveys_there(conn: Connection, tenant: int, activation: str) -> list[SurveyThere]:
    """Each survey at Qualtrics that people of the incident were asked with; mostly none, and then this is one look-up."""
    table = answer_looks.c
    rows = conn.execute(
        select(table.task_run, table.survey, table.title, table.document)
        .where(table.tenant == tenant, table.activation == activation)
        .order_by(table.survey, table.task_run)
    ).all()
    return [
        _survey(
            conn, tenant, row.task_run, SurveyThere(row.survey, row.title, row.document, 0, 0, None, {}, ())
        )
        for row in rows  # one per workflow that asks there
    ]


def _survey(conn: Connection, tenant: int, task_run: str, bare: SurveyThere) -> SurveyThere:
    asks, answers, counts = handed_asks.c, answers_there.c, counts_there.c
    asked = conn.execute(
        select(func.coalesce(func.sum(asks.people), 0)).where(
            asks.tenant == tenant, asks.task_run == task_run
        )
    ).scalar_one()
    answered, first_at = conn.execute(
        select(func.count(), func.min(answers.completed_at, type_=Instant())).where(
            answers.tenant == tenant, answers.task_run == task_run
        )
    ).one()
    given = conn.execute(
        select(counts.question, counts.choice, counts["count"]).where(
            counts.tenant == tenant, counts.task_run == task_run
        )
    )
    return SurveyThere(
        bare.survey,
        bare.title,
        bare.document,
        int(asked),
        answered,
        first_at,
        {(question, choice): count for question, choice, count in given},
        _words(conn, tenant, task_run),
    )


def _words(conn: Connection, tenant: int, task_run: str) -> list[tuple[str, str]]:
    """The newest free texts, without who wrote them and in no telling order."""
    table = answers_there.c
    rows = conn.execute(
        select(table.answers)
        .where(
            table.tenant == tenant,
            table.task_run == task_run,
            table.has_words,
            table.state == AnswerState.READ.value,
        )
        .order_by(table.completed_at.desc())
        .limit(WORDS_MAX)
    ).scalars()
    said = [(key, str(text)) for answers in rows for key, text in answers.items() if key.endswith(TEXT)]
    return sorted(said, key=lambda pair: (pair[0], pair[1].casefold()))
