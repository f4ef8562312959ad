"""The result of an activation as it may be shown."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from opulse.experience.distributions.views import Counted, list_counted
from opulse.experience.extensions.operational_pulse.views import list_surveys_there
from opulse.experience.impact import store
from opulse.experience.impact.models import Result, SurveyResult
from opulse.experience.impact.rules.showing import show_comments, show_questions
from opulse.experience.impact.rules.there import add_there, show_there
from opulse.experience.surveys.flow import get_version_in
from opulse.experience.surveys.rules.language import localise
from opulse.ports import Ports

WORDS_MAX = 200


async def read_result(ports: Ports, tenant: int, activation: str, language: str = "en") -> Result:
    """The result now; empty, with zeros, when nobody was asked."""
    return await ports.db.read(_read_in, ports, tenant, activation, language)


def _read_in(conn: Connection, ports: Ports, tenant: int, activation: str, language: str) -> Result:
    asked = list_counted(conn, tenant, activation)
    return read_result_in(conn, ports, tenant, activation, language, asked)


def read_result_in(
    conn: Connection, ports: Ports, tenant: int, activation: str, language: str, asked: Sequence[Counted]
) -> Result:
    """See :func:`read_result`; on the caller's connection. ``asked``: every distribution of the activation."""
    there = list_surveys_there(conn, tenant, activation)
    totals = add_there(store.read_totals(conn, tenant, activation, asked), there)
    surveys = tuple(
        _survey_in(conn, ports, tenant, activation, of_survey, language)
        for of_survey in _by_survey(asked).values()
    )
    theirs = show_there(there, language, ports.limits.cell, ports.limits.comment_cell)
    return Result(activation, totals, (*surveys, *theirs))


def _by_survey(asked: Sequence[Counted]) -> dict[str, list[Counted]]:
    """The distributions of each survey, in the order of the surveys' ids."""
    grouped: dict[str, list[Counted]] = {}
    for one in sorted(asked, key=lambda one: one.distribution.survey):
        grouped.setdefault(one.distribution.survey, []).append(one)
    return grouped


def _survey_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    activation: str,
    distributions: Sequence[Counted],
    language: str,
) -> SurveyResult:
    survey = distributions[0].distribution.survey
    version = max(one.distribution.version for one in distributions)
    shown = localise(get_version_in(conn, tenant, survey, version).document, language)
    counts = store.read_counts(conn, tenant, activation, survey)
    words = store.list_words(conn, tenant, activation, survey, WORDS_MAX)
    asked = store.count_asked(store.sum_states(distributions))
    answered = store.count_answered(conn, tenant, activation, survey)
    questions = show_questions(shown, counts, asked, answered, ports.limits.cell)
    comments = show_comments(shown, words, answered, ports.limits.comment_cell)
    return SurveyResult(survey, shown.title, tuple(questions), tuple(comments))
