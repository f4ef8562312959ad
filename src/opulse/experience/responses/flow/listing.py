"""Responses of a survey for those who ask: as a page of a table, as a whole file, or one by one; within what was promised."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from opulse.experience.responses.flow.policies import get_policy_in
from opulse.experience.responses.models import (
    AnswerFilter,
    AnswerRow,
    Identity,
    ResponsePolicy,
    ResponseState,
)
from opulse.experience.responses.rules.export import Column, columns_of, union_of
from opulse.experience.responses.rules.export.embedded import embedded_of
from opulse.experience.responses.rules.incidents import name_incidents
from opulse.experience.responses.rules.showing import (
    FilterRefused,
    Hidden,
    Shown,
    decide_shown,
    refuse_filter,
)
from opulse.experience.responses.store import listing as store
from opulse.experience.responses.store.amending import list_embedded_set
from opulse.experience.surveys.flow import get_survey_in, get_version_in
from opulse.experience.surveys.models import SurveyDocument, SurveyRecord
from opulse.experience.surveys.rules import localise
from opulse.ports import Ports

STEP = 2_000
"""Rows read at a time for a file, so that no reader holds the database for long."""


class FilterForbidden(Exception):
    """This survey's answers are confidential: rows cannot be chosen by time or by answer, for that could find one person."""

    def __init__(self, reason: FilterRefused) -> None:
        super().__init__(str(FilterForbidden.__doc__))
        self.reason = reason


class TooFew(Exception):
    """So few answers match that each could be guessed; they are shown once there are more."""

    def __init__(self, reason: Hidden) -> None:
        super().__init__(str(TooFew.__doc__))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One page of a survey's responses.

    ``found``: how many match; ``shown``: how much of them may be seen. ``by_state`` and ``by_sign`` count all of the survey.
    ``next``: the id to go on below; empty: this is the last page.
    """

    survey: SurveyRecord
    policy: ResponsePolicy
    wanted: AnswerFilter
    columns: tuple[Column, ...]
    rows: tuple[AnswerRow, ...]
    found: int
    shown: Shown
    by_state: Mapping[ResponseState, int]
    by_sign: Mapping[str, int]
    activations: tuple[tuple[str, str], ...]
    next: str


async def list_page(
    ports: Ports,
    tenant: int,
    survey: str,
    wanted: AnswerFilter,
    *,
    below: str = "",
    limit: int = 50,
    language: str = "",
) -> AnswerPage:
    """A page of the table. Raises SurveyUnknown, and FilterForbidden where the survey promises confidence."""
    return await ports.db.read(_page_in, ports, tenant, survey, wanted, below, limit, language)


async def get_answer(
    ports: Ports, tenant: int, survey: str, response: str
) -> tuple[AnswerRow, Identity, Shown]:
    """One response. Raises SurveyUnknown, LookupError for an unknown id, TooFew where few answers could be guessed."""
    return await ports.db.read(_answer_in, ports, tenant, survey, response)


async def all_columns(ports: Ports, tenant: int, survey: str, language: str = "") -> list[Column]:
    """Columns of every version that somebody answered; the survey's newest when nobody did."""
    return await ports.db.read(_columns_in, tenant, survey, language)


async def embedded_names(ports: Ports, tenant: int, survey: str, identity: Identity) -> tuple[str, ...]:
    """Fields of embedded data that exports of the survey may hold."""
    return await ports.db.read(_embedded_in, tenant, survey, identity)


async def check_file(
    ports: Ports, tenant: int, survey: str, wanted: AnswerFilter
) -> tuple[ResponsePolicy, Shown]:
    """What a file of these responses may hold. Raises SurveyUnknown, FilterForbidden, TooFew."""
    page = await list_page(ports, tenant, survey, wanted, limit=1)
    if not page.shown.rows and page.shown.why is not None:
        raise TooFew(page.shown.why)
    return page.policy, page.shown


async def walk(
    ports: Ports, tenant: int, survey: str, wanted: AnswerFilter, identity: Identity
) -> AsyncIterator[list[AnswerRow]]:
    """All rows, a step at a time."""
    below, named = "", identity is Identity.NAMED
    while True:
        rows = await ports.db.read(_step_in, tenant, survey, wanted, named, below)
        if rows:
            yield rows
        if len(rows) < STEP:
            return
        below = rows[-1].id


def _step_in(
    conn: Connection, tenant: int, survey: str, wanted: AnswerFilter, named: bool, below: str
) -> list[AnswerRow]:
    return store.list_answers(conn, tenant, survey, wanted, named=named, below=below, limit=STEP)


def _page_in(
    conn: Connection,
    ports: Ports,
    tenant: int,
    survey: str,
    wanted: AnswerFilter,
    below: str,
    limit: int,
    language: str,
) -> AnswerPage:
    policy = get_policy_in(conn, tenant, survey)
    if (refused := refuse_filter(policy.identity, wanted)) is not None:
        raise FilterForbidden(refused)
    found = store.count_answers(conn, tenant, survey, wanted)
    shown = decide_shown(policy.identity, found, ports.limits.cell, ports.limits.comment_cell)
    named = policy.identity is Identity.NAMED
    rows = (
        store.list_answers(conn, tenant, survey, wanted, named=named, below=below, limit=limit + 1)
        if shown.rows
        else []
    )
    return AnswerPage(
        survey=get_survey_in(conn, tenant, survey),
        policy=policy,
        wanted=wanted,
        columns=tuple(_columns_in(conn, tenant, survey, language)),
        rows=tuple(rows[:limit]),
        found=found,
        shown=shown,
        by_state=store.count_by_state(conn, tenant, survey),
        by_sign=store.count_by_sign(conn, tenant, survey),
        activations=tuple(name_incidents(store.list_activations_answered(conn, tenant, survey))),
        next=rows[limit - 1].id if len(rows) > limit else "",
    )


def _answer_in(
    conn: Connection, ports: Ports, tenant: int, survey: str, response: str
) -> tuple[AnswerRow, Identity, Shown]:
    identity = get_policy_in(conn, tenant, survey).identity
    row = store.find_answer(conn, tenant, survey, response, named=identity is Identity.NAMED)
    if row is None or row.state is ResponseState.DELETED:
        raise LookupError(response)
    alike = store.count_answers(conn, tenant, survey, AnswerFilter(states=frozenset({row.state})))
    shown = decide_shown(identity, alike, ports.limits.cell, ports.limits.comment_cell)
    if not shown.rows and shown.why is not None:
        raise TooFew(shown.why)
    return row, identity, shown


def _columns_in(conn: Connection, tenant: int, survey: str, language: str) -> list[Column]:
    documents = _documents_in(conn, tenant, survey)
    return union_of(columns_of(localise(one, language or one.language)) for one in documents)


def _embedded_in(conn: Connection, tenant: int, survey: str, identity: Identity) -> tuple[str, ...]:
    of_flow = embedded_of(_documents_in(conn, tenant, survey), identity)
    return tuple(dict.fromkeys((*of_flow, *list_embedded_set(conn, tenant, survey))))


def _documents_in(conn: Connection, tenant: int, survey: str) -> list[SurveyDocument]:
    """Every version that somebody answered, the newest first; the newest of all when nobody did."""
    numbers = store.list_versions_answered(conn, tenant, survey)
    if not numbers:
        numbers = [get_survey_in(conn, tenant, survey).newest]
    return [get_version_in(conn, tenant, survey, number).document for number in numbers]
