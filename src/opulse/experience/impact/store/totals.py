"""People from asked to answered, in two queries over the doors of distributions and responses."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from opulse.db import Instant
from opulse.experience.distributions.models import WAITING_STATES, InvitationState
from opulse.experience.distributions.views import distributions, invitations
from opulse.experience.impact.models import Totals
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import responses

_FAILED = (InvitationState.REFUSED, InvitationState.BOUNCED, InvitationState.TOO_LATE)


_ANSWERER = case((responses.c.individual, responses.c.invitation), else_=responses.c.id)
"""What makes two responses one person's: the invitation; behind a link that many may answer, each response is one."""


def read_totals(conn: Connection, tenant: int, activation: str) -> Totals:
    """See :class:`Totals`; zeros when nobody was asked."""
    states = {
        InvitationState(row.state): row.people
        for row in conn.execute(
            select(invitations.c.state, func.count().label("people"))
            .where(invitations.c.tenant == tenant, invitations.c.activation == activation)
            .group_by(invitations.c.state)
        )
    }
    answers = {
        ResponseState(row.state): row.people
        for row in conn.execute(
            select(responses.c.state, func.count(_ANSWERER.distinct()).label("people"))
            .where(responses.c.tenant == tenant, responses.c.activation == activation)
            .group_by(responses.c.state)
        )
    }
    sent = conn.execute(
        select(
            func.min(invitations.c.sent_at, type_=Instant()).label("first"),
            func.max(invitations.c.sent_at, type_=Instant()).label("last"),
        ).where(invitations.c.tenant == tenant, invitations.c.activation == activation)
    ).one()
    first_answer = conn.execute(
        select(func.min(responses.c.recorded_at, type_=Instant())).where(
            responses.c.tenant == tenant, responses.c.activation == activation
        )
    ).scalar()
    people = sum(states.values())
    spared = states.get(InvitationState.SPARED, 0)
    held = states.get(InvitationState.HELD, 0)
    answered = answers.get(ResponseState.RECORDED, 0)
    waiting = sum(states.get(state, 0) for state in {*WAITING_STATES, InvitationState.SENDING})
    return Totals(
        people=people,
        asked=people - spared - held,
        accepted=states.get(InvitationState.ACCEPTED, 0),
        started=answered + answers.get(ResponseState.IN_PROGRESS, 0),
        answered=answered,
        late=answers.get(ResponseState.LATE, 0),
        quarantined=answers.get(ResponseState.QUARANTINED, 0),
        waiting=waiting,
        held=held,
        spared=spared,
        failed=sum(states.get(state, 0) for state in _FAILED),
        stopped=states.get(InvitationState.CANCELLED, 0),
        first_sent_at=sent.first,
        last_sent_at=sent.last,
        first_answer_at=first_answer,
    )


def count_people(conn: Connection, tenant: int, activation: str, survey: str) -> tuple[int, int]:
    """(asked, answered) with one survey: the population of its shares, and how many of them are known."""
    asked = conn.execute(
        select(func.count())
        .select_from(
            invitations.join(
                distributions,
                (distributions.c.tenant == invitations.c.tenant)
                & (distributions.c.id == invitations.c.distribution),
            )
        )
        .where(
            invitations.c.tenant == tenant,
            invitations.c.activation == activation,
            distributions.c.survey == survey,
            invitations.c.state.not_in([InvitationState.SPARED.value, InvitationState.HELD.value]),
        )
    ).scalar_one()
    answered = conn.execute(
        select(func.count(_ANSWERER.distinct())).where(
            responses.c.tenant == tenant,
            responses.c.activation == activation,
            responses.c.survey == survey,
            responses.c.state == ResponseState.RECORDED.value,
        )
    ).scalar_one()
    return asked, answered


def list_surveys_asked(conn: Connection, tenant: int, activation: str) -> list[tuple[str, int]]:
    """(survey, newest version) that people were asked with for this activation."""
    rows = conn.execute(
        select(distributions.c.survey, func.max(distributions.c.version))
        .where(distributions.c.tenant == tenant, distributions.c.activation == activation)
        .group_by(distributions.c.survey)
        .order_by(distributions.c.survey)
    )
    return [(row[0], row[1]) for row in rows]


def list_words(
    conn: Connection, tenant: int, activation: str, survey: str, limit: int
) -> list[tuple[str, str]]:
    """(answer key, text) of the newest recorded comments, without who wrote them and in no telling order."""
    rows = conn.execute(
        select(responses.c.answers)
        .where(
            responses.c.tenant == tenant,
            responses.c.activation == activation,
            responses.c.survey == survey,
            responses.c.state == ResponseState.RECORDED.value,
        )
        .order_by(responses.c.recorded_at.desc())
        .limit(limit)
    ).scalars()
    said = [
        (key, str(text))
        for answers in rows
        for key, text in answers.items()
        if key.endswith("_TEXT") and str(text).strip()
    ]
    return sorted(said, key=lambda pair: (pair[0], pair[1].casefold()))
