"""What people wrote in their own words about one survey: searched, and with the themes that many share."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from opulse.experience.responses.flow.listing import STEP
from opulse.experience.responses.flow.policies import get_policy_in
from opulse.experience.responses.models import AnswerFilter, Identity
from opulse.experience.responses.rules.export import columns_of
from opulse.experience.responses.rules.export.columns import Kind
from opulse.experience.responses.rules.incidents import name_incidents
from opulse.experience.responses.rules.showing import Shown, decide_shown
from opulse.experience.responses.rules.themes import Theme, find_themes, matches
from opulse.experience.responses.store import listing as store
from opulse.experience.surveys.flow import get_survey_in, get_version_in
from opulse.experience.surveys.models import SurveyRecord
from opulse.experience.surveys.rules import localise
from opulse.ports import Ports

MOST_READ = 20_000
"""Responses whose comments are looked through, as the product's basic text analysis has it (qualtrics-product.md 10.4)."""

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Comment:
    """One text, the question it answers, and its incident (empty: none). Never whose it is unless the survey asks by name."""

    question: str
    text: str
    activation: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class CommentPage:
    """The comments that a search finds (all without one): ``total`` of them, the first :data:`MOST_SHOWN` shown."""

    survey: SurveyRecord
    shown: Shown
    total: int
    comments: tuple[Comment, ...]
    themes: tuple[Theme, ...]
    activations: tuple[tuple[str, str], ...]
    answered: int


@dataclass
class _Found:
    texts: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


async def list_comments(
    ports: Ports, tenant: int, survey: str, *, activation: str = "", search: str = "", language: str = ""
) -> CommentPage:
    """Comments of recorded answers and their themes. Raises SurveyUnknown."""
    return await ports.db.read(_list_in, ports, tenant, survey, activation, search, language)


def _list_in(
    conn: Connection, ports: Ports, tenant: int, survey: str, activation: str, search: str, language: str
) -> CommentPage:
    identity = get_policy_in(conn, tenant, survey).identity
    record = get_survey_in(conn, tenant, survey)
    wanted = AnswerFilter(activation=activation)
    answered = store.count_answers(conn, tenant, survey, wanted)
    shown = decide_shown(identity, answered, ports.limits.cell, ports.limits.comment_cell)
    found = _read(conn, tenant, record, wanted, identity, search, language) if shown.texts else _Found()
    return CommentPage(
        survey=record,
        shown=shown,
        total=len(found.comments),
        # in alphabetical order: that of arriving would say who was first
        comments=tuple(
            sorted(found.comments, key=lambda one: (one.question, one.text.casefold()))[:MOST_SHOWN]
        ),
        themes=tuple(find_themes(found.texts)),
        activations=tuple(name_incidents(store.list_activations_answered(conn, tenant, survey))),
        answered=answered,
    )


def _read(
    conn: Connection,
    tenant: int,
    survey: SurveyRecord,
    wanted: AnswerFilter,
    identity: Identity,
    search: str,
    language: str,
) -> _Found:
    """Texts are looked through one by one: what a comment says is no set."""
    questions = _questions(conn, tenant, survey, language)
    found, below, named = _Found(), "", identity is Identity.NAMED
    for _ in range(MOST_READ // STEP):
        rows = store.list_answers(conn, tenant, survey.id, wanted, named=named, below=below, limit=STEP)
        for row in rows:
            for key in row.answers.keys() & questions.keys():
                text = str(row.answers[key]).strip()
                if not text:
                    continue
                found.texts.append(text)
                if not search or matches(text, search):
                    who = f"{row.first_name} {row.last_name}".strip() or row.email
                    found.comments.append(Comment(questions[key], text, row.activation, who))
        if len(rows) < STEP:
            break
        below = rows[-1].id
    return found


def _questions(conn: Connection, tenant: int, survey: SurveyRecord, language: str) -> dict[str, str]:
    """Answer key of a text → the question it answers, in every version that was answered."""
    numbers = store.list_versions_answered(conn, tenant, survey.id) or [survey.newest]
    found: dict[str, str] = {}
    for number in numbers:
        document = get_version_in(conn, tenant, survey.id, number).document
        for column in columns_of(localise(document, language or document.language)):
            if column.kind is Kind.TEXT:
                found.setdefault(column.key, column.text)
    return found
