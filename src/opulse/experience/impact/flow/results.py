"""The result of an activation as it may be shown."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.impact import store
from opulse.experience.impact.models import Result, SurveyResult
from opulse.experience.impact.rules.showing import show_comments, show_questions
from opulse.experience.surveys.flow import get_version_in
from opulse.experience.surveys.rules.language import localise
from opulse.ports import Ports

WORDS_MAX = 200


async def read_result(ports: Ports, tenant: int, activation: str, language: str = "en") -> Result:
    """The result now; empty, with zeros, when nobody was asked."""
    return await ports.db.read(read_result_in, ports, tenant, activation, language)


def read_result_in(conn: Connection, ports: Ports, tenant: int, activation: str, language: str) -> Result:
    """See :func:`read_result`; on the caller's connection."""
    totals = store.read_totals(conn, tenant, activation)
    surveys = tuple(
        _survey_in(conn, ports, tenant, activation, survey, version, language)
        for survey, version in store.list_surveys_asked(conn, tenant, activation)
    )
    return Result(activation, totals, surveys)


def _survey_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    activation: str,
    survey: str,
    version: int,
    language: str,
) -> SurveyResult:
    shown = localise(get_version_in(conn, tenant, survey, version).document, language)
    counts = store.read_counts(conn, tenant, activation, survey)
    words = store.list_words(conn, tenant, activation, survey, WORDS_MAX)
    asked, answered = store.count_people(conn, tenant, activation, survey)
    questions = show_questions(shown, counts, asked, answered, ports.limits.cell)
    comments = show_comments(shown, words, answered, ports.limits.comment_cell)
    return SurveyResult(survey, shown.title, tuple(questions), tuple(comments))
