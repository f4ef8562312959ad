"""People from asked to answered, over the doors of distributions and responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, case, func, select

from opulse.db import Instant
from opulse.experience.distributions.models import WAITING_STATES, InvitationState
from opulse.experience.distributions.views import Counted
from opulse.experience.impact.models import Totals
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import responses

_FAILED = (InvitationState.REFUSED, InvitationState.BOUNCED, InvitationState.TOO_LATE)


_ANSWERER = case((responses.c.individual, responses.c.invitation), else_=responses.c.id)
"""What makes two responses one person's: the invitation; behind a link that many may answer, each response is one."""


def read_totals(conn: Connection, tenant: int, activation: str, asked: Sequence[Counted]) -> Totals:
    """See :class:`Totals`; zeros when nobody was asked. ``asked``: every distribution of the activation."""
    states = sum_states(asked)
    answers = {
        ResponseState(row.state): row.people
        for row in conn.execute(
            select(responses.c.state, func.count(_ANSWERER.distinct()).label("people"))
            .where(responses.c.tenant == tenant, responses.c.activation == activation)
            .group_by(responses.c.state)
        )
    }
    first_answer = conn.execute(
        select(func.min(responses.c.recorded_at, type_=Instant())).where(
            responses.c.tenant == tenant, responses.c.activation == activation
        )
    ).scalar()
    answered = answers.get(ResponseState.RECORDED, 0)
    waiting = sum(
        states[state] for state in {*WAITING_STATES, InvitationState.SENDING, InvitationState.OFFERED}
    )
    return Totals(
        people=states.total(),
        asked=count_asked(states),
        accepted=states[InvitationState.ACCEPTED] + states[InvitationState.SHOWN],
        started=answered + answers.get(ResponseState.IN_PROGRESS, 0),
        answered=answered,
        late=answers.get(ResponseState.LATE, 0),
        quarantined=answers.get(ResponseState.QUARANTINED, 0),
        waiting=waiting,
        held=states[InvitationState.HELD],
        spared=states[InvitationState.SPARED],
        failed=sum(states[state] for state in _FAILED),
        stopped=states[InvitationState.CANCELLED],
        first_sent_at=min((at for one in asked if (at := one.counts.first_sent_at)), default=None),
        last_sent_at=max((at for one in asked if (at := one.counts.last_sent_at)), default=None),
        first_answer_at=first_answer,
    )


def sum_states(asked: Iterable[Counted]) -> Counter[InvitationState]:
    """People by the state of their invitation."""
    return sum((Counter(one.counts.by_state) for one in asked), Counter())


def count_asked(states: Counter[InvitationState]) -> int:
    """Those who were neither spared nor held back: the population of every share."""
    return states.total() - states[InvitationState.SPARED] - states[InvitationState.HELD]


def count_answered(conn: Connection, tenant: int, activation: str, survey: str) -> int:
    """People whose answer to one survey is recorded."""
    answered = conn.execute(
        select(func.count(_ANSWERER.distinct())).where(
            responses.c.tenant == tenant,
            responses.c.activation == activation,
            responses.c.survey == survey,
            responses.c.state == ResponseState.RECORDED.value,
        )
    ).scalar_one()
    return int(answered)


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
