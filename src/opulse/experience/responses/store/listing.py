"""Responses of one survey, page by page: for tables, exports and comments."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from opulse.experience.directory.views import contacts
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.responses.models import AnswerFilter, AnswerRow, ResponseState
from opulse.experience.responses.store.tables import response_walks, responses

_NUMBER = re.compile(r"-?[0-9]{1,15}")


def list_answers(
    conn: Connection,
    tenant: int,
    survey: str,
    wanted: AnswerFilter,
    *,
    named: bool,
    below: str = "",
    limit: int = 50,
) -> list[AnswerRow]:
    """Up to ``limit`` rows below the id ``below`` (empty: from the first), in the order of ids (of chance: it tells nothing).

    ``named`` reads the person's fields as they were frozen when asked; else they are not even read.
    """
    query = _with_people() if named else _with_embedded()
    query = query.where(*_matching(conn, tenant, survey, wanted))
    if below:
        query = query.where(responses.c.id < below)
    return [_row(row, named) for row in conn.execute(query.order_by(responses.c.id.desc()).limit(limit))]


def find_answer(
    conn: Connection, tenant: int, survey: str, response: str, *, named: bool
) -> AnswerRow | None:
    """One response of the survey; None: it has none of that id."""
    query = _with_people() if named else _with_embedded()
    row = conn.execute(
        query.where(responses.c.tenant == tenant, responses.c.survey == survey, responses.c.id == response)
    ).one_or_none()
    return None if row is None else _row(row, named)


def count_answers(conn: Connection, tenant: int, survey: str, wanted: AnswerFilter) -> int:
    """How many responses the filter finds."""
    matching = _matching(conn, tenant, survey, wanted)
    return int(conn.execute(select(func.count()).select_from(responses).where(*matching)).scalar_one())


def count_by_state(conn: Connection, tenant: int, survey: str) -> dict[ResponseState, int]:
    """All responses of the survey by their state."""
    rows = conn.execute(
        select(responses.c.state, func.count())
        .where(responses.c.tenant == tenant, responses.c.survey == survey)
        .group_by(responses.c.state)
    )
    return {ResponseState(state): int(count) for state, count in rows}


def count_by_sign(conn: Connection, tenant: int, survey: str) -> dict[str, int]:
    """Quarantined responses of the survey by each sign that they showed."""
    rows = conn.execute(
        select(responses.c.quarantine, func.count())
        .where(
            responses.c.tenant == tenant,
            responses.c.survey == survey,
            responses.c.state == ResponseState.QUARANTINED.value,
        )
        .group_by(responses.c.quarantine)
    )
    counts: Counter[str] = Counter()
    for signs, count in rows:
        counts.update(dict.fromkeys(signs.split(), int(count)))
    return dict(counts)


def list_versions_answered(conn: Connection, tenant: int, survey: str) -> list[int]:
    """Versions that somebody answered, the newest first."""
    rows = conn.execute(
        select(responses.c.version)
        .where(responses.c.tenant == tenant, responses.c.survey == survey)
        .group_by(responses.c.version)
        .order_by(responses.c.version.desc())
    )
    return [int(version) for version in rows.scalars()]


def list_activations_answered(
    conn: Connection, tenant: int, survey: str, limit: int = 50
) -> list[tuple[str, str]]:
    """(incident, name of what asked in it) in which the survey was answered, the latest answer first."""
    of = and_(distributions.c.tenant == responses.c.tenant, distributions.c.id == responses.c.distribution)
    rows = conn.execute(
        select(responses.c.activation, func.max(func.coalesce(distributions.c.name, "")))
        .select_from(responses)
        .outerjoin(distributions, of)
        .where(responses.c.tenant == tenant, responses.c.survey == survey, responses.c.activation != "")
        .group_by(responses.c.activation)
        .order_by(func.max(responses.c.updated_at).desc())
        .limit(limit)
    )
    return [(activation, name) for activation, name in rows]


def _with_embedded() -> Select[Any]:
    """Responses with what the flow and the distribution have set beside the answers."""
    walked = and_(
        response_walks.c.tenant == responses.c.tenant,
        response_walks.c.session == responses.c.invitation,
        responses.c.individual,
    )
    asked_by = and_(
        distributions.c.tenant == responses.c.tenant, distributions.c.id == responses.c.distribution
    )
    return (
        select(
            responses,
            response_walks.c.embedded.label("set_by_flow"),
            distributions.c.embedded.label("set_by_distribution"),
        )
        .outerjoin(response_walks, walked)
        .outerjoin(distributions, asked_by)
    )


def _with_people() -> Select[Any]:
    asked = and_(
        invitations.c.tenant == responses.c.tenant,
        invitations.c.id == responses.c.invitation,
        responses.c.individual,
    )
    person = and_(contacts.c.tenant == invitations.c.tenant, contacts.c.id == invitations.c.contact)
    return (
        _with_embedded()
        .add_columns(
            invitations.c.first_name, invitations.c.last_name, invitations.c.email, contacts.c.ext_ref
        )
        .outerjoin(invitations, asked)
        .outerjoin(contacts, person)
    )


def _matching(
    conn: Connection, tenant: int, survey: str, wanted: AnswerFilter
) -> Iterable[ColumnElement[bool]]:
    yield responses.c.tenant == tenant
    yield responses.c.survey == survey
    yield responses.c.state.in_([state.value for state in wanted.states])
    conditions = list(_conditions(conn, wanted))
    if conditions:
        yield or_(*conditions) if wanted.any_of else and_(*conditions)


def _conditions(conn: Connection, wanted: AnswerFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.activation:
        yield responses.c.activation == wanted.activation
    if wanted.since is not None:
        yield responses.c.updated_at >= wanted.since
    if wanted.until is not None:
        yield responses.c.updated_at < wanted.until
    if wanted.choice is not None:
        yield _gave(conn, *wanted.choice)


def _gave(conn: Connection, key: str, given: str) -> ColumnElement[bool]:
    """The answer under ``key`` is ``given``, or holds it among several. Numbers are compared by their digits."""
    if conn.dialect.name == "postgresql":
        value = responses.c.answers.op("->", return_type=JSONB())(literal(key, Text()))
        wanted = [json.dumps(given), *([given] if _NUMBER.fullmatch(given) else [])]
        return or_(
            *(value.op("@>", return_type=Boolean())(cast(literal(one, Text()), JSONB)) for one in wanted)
        )
    listed = (
        func.json_each(responses.c.answers, f'$."{key}"').table_valued(column("value", Text())).alias("given")
    )
    return exists(select(literal(1)).select_from(listed).where(cast(listed.c.value, Text()) == given))


def _row(row: Row[Any], named: bool) -> AnswerRow:
    return AnswerRow(
        id=row.id,
        state=ResponseState(row.state),
        signs=tuple(row.quarantine.split()),
        version=row.version,
        activation=row.activation,
        answers=row.answers,
        language=row.language,
        started_at=row.started_at,
        updated_at=row.updated_at,
        recorded_at=row.recorded_at,
        individual=row.individual,
        first_name=(row.first_name or "") if named else "",
        last_name=(row.last_name or "") if named else "",
        email=(row.email or "") if named else "",
        reference=(row.ext_ref or "") if named else "",
        embedded={**(row.set_by_distribution or {}), **(row.set_by_flow or {}), **row.embedded},
    )
