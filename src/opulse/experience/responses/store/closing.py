"""Responses whose time is over: unfinished ones, and those that promise to be nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from opulse.db import json_list
from opulse.experience.distributions.views import invitations
from opulse.experience.responses.models import Identity, ResponsePolicy, ResponseState
from opulse.experience.responses.store.policies import response_policies
from opulse.experience.responses.store.tables import response_history, response_walks, responses
from opulse.experience.surveys.models import Answers

_DAY = 86_400_000_000  # microseconds, as instants are stored


@dataclass(frozen=True, slots=True)
class Closed:
    """A response that was closed unfinished. ``invitation`` is empty where the link was not one person's own."""

    tenant: int
    id: str
    survey: str
    invitation: str
    revision: int


def close_partials(conn: Connection, now: datetime, limit: int = 2_000) -> list[Closed]:
    """Close up to ``limit`` responses of all tenants that nobody went on with for their survey's days."""
    days = func.coalesce(response_policies.c.partial_days, literal(ResponsePolicy("").partial_days))
    due = conn.execute(
        select(
            responses.c.tenant,
            responses.c.id,
            responses.c.survey,
            responses.c.invitation,
            responses.c.individual,
            responses.c.revision,
        )
        .outerjoin(
            response_policies,
            and_(
                response_policies.c.tenant == responses.c.tenant,
                response_policies.c.survey == responses.c.survey,
            ),
        )
        .where(
            responses.c.state == ResponseState.IN_PROGRESS.value,
            responses.c.updated_at
            <= literal(now, responses.c.updated_at.type) - days * literal(_DAY, BigInteger()),
        )
        .limit(limit)
        .with_for_update(skip_locked=True, of=responses)
    ).all()
    for tenant in {row.tenant for row in due}:
        _close(conn, tenant, [row.id for row in due if row.tenant == tenant], now)
    return [
        Closed(row.tenant, row.id, row.survey, row.invitation if row.individual else "", row.revision + 1)
        for row in due
    ]


def _close(conn: Connection, tenant: int, ids: list[str], now: datetime) -> None:
    wanted = json_list(conn, ids)
    these = (responses.c.tenant == tenant, responses.c.id.in_(select(wanted.c.value)))
    conn.execute(
        update(responses)
        .where(*these)
        # not counted before and not counted now: the counts hold its newest revision all along
        .values(
            state=ResponseState.PARTIAL.value,
            revision=responses.c.revision + 1,
            counted=responses.c.revision + 1,
        )
    )
    kept = select(
        responses.c.tenant,
        responses.c.id,
        responses.c.revision,
        responses.c.state,
        responses.c.answers,
        responses.c.language,
        literal(now, response_history.c.at.type),
    ).where(*these)
    names = ["tenant", "response", "revision", "state", "answers", "language", "at"]
    conn.execute(insert(response_history).from_select(names, kept))


@dataclass(frozen=True, slots=True)
class ClosedGroup:
    """Responses of an anonymous survey that are alike in all but who gave them, and whose links have closed."""

    tenant: int
    survey: str
    version: int
    activation: str
    state: str
    people: int


@dataclass(frozen=True, slots=True)
class Given:
    """One response that is still somebody's."""

    id: str
    invitation: str
    answers: Answers


def list_closed_groups(conn: Connection, closed_before: datetime) -> list[ClosedGroup]:
    """Groups whose last link closed before then, with the number of responses that are still tied to a person."""
    still_tied = (
        select(
            responses.c.tenant,
            responses.c.distribution,
            responses.c.survey,
            responses.c.version,
            responses.c.activation,
            responses.c.state,
            func.count().label("people"),
        )
        .join(
            response_policies,
            and_(
                response_policies.c.tenant == responses.c.tenant,
                response_policies.c.survey == responses.c.survey,
                response_policies.c.identity == Identity.ANONYMOUS.value,
            ),
        )
        .where(responses.c.cut.is_(False), responses.c.counted >= responses.c.revision)
        .group_by(
            responses.c.tenant,
            responses.c.distribution,
            responses.c.survey,
            responses.c.version,
            responses.c.activation,
            responses.c.state,
        )
        .subquery()
    )
    open_link = exists(
        select(literal(1)).where(
            invitations.c.tenant == still_tied.c.tenant,
            invitations.c.distribution == still_tied.c.distribution,
            invitations.c.expires_at > closed_before,
        )
    )
    names = (
        still_tied.c.tenant,
        still_tied.c.survey,
        still_tied.c.version,
        still_tied.c.activation,
        still_tied.c.state,
    )
    rows = conn.execute(
        select(*names, func.sum(still_tied.c.people).label("people")).where(~open_link).group_by(*names)
    )
    return [ClosedGroup(*row[:5], people=int(row.people)) for row in rows]


def claim_tied(conn: Connection, group: ClosedGroup, limit: int) -> list[Given]:
    """Up to ``limit`` of the group's responses that are still tied to a person, locked."""
    rows = conn.execute(
        select(responses.c.id, responses.c.invitation, responses.c.answers)
        .where(
            responses.c.tenant == group.tenant,
            responses.c.survey == group.survey,
            responses.c.version == group.version,
            responses.c.activation == group.activation,
            responses.c.state == group.state,
            responses.c.cut.is_(False),
            responses.c.counted >= responses.c.revision,
        )
        .order_by(responses.c.id)
        .limit(limit)
        .with_for_update(of=responses)
    )
    return [Given(row.id, row.invitation, row.answers) for row in rows]


def cut_off(conn: Connection, tenant: int, given: Sequence[Given]) -> None:
    """Give each response the answers that stand in ``given``, as nobody's; forget history and unfinished ways of all."""
    change = (
        update(responses)
        .where(responses.c.tenant == tenant, responses.c.id == bindparam("which"))
        .values(answers=bindparam("said"), cut=True)
    )
    conn.execute(change, [{"which": one.id, "said": one.answers} for one in given])
    ids = json_list(conn, [one.id for one in given])
    conn.execute(
        delete(response_history).where(
            response_history.c.tenant == tenant, response_history.c.response.in_(select(ids.c.value))
        )
    )
    sessions = json_list(conn, [one.invitation for one in given])
    conn.execute(
        delete(response_walks).where(
            response_walks.c.tenant == tenant, response_walks.c.session.in_(select(sessions.c.value))
        )
    )
