"""One response as a workflow hears of it."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from opulse.experience.distributions.views import invitations
from opulse.experience.responses.models import NotedResponse, ResponseState
from opulse.experience.responses.store.tables import responses


def find_noted(conn: Connection, tenant: int, response: str) -> NotedResponse | None:
    """With the contact who answered, where the link was that person's own; empty else."""
    own = and_(
        invitations.c.tenant == responses.c.tenant,
        invitations.c.id == responses.c.invitation,
        responses.c.individual.is_(True),
    )
    row = conn.execute(
        select(responses, invitations.c.contact)
        .select_from(responses.outerjoin(invitations, own))
        .where(responses.c.tenant == tenant, responses.c.id == response)
    ).one_or_none()
    if row is None:
        return None
    recorded = conn.execute(
        select(func.count())
        .select_from(responses)
        .where(
            responses.c.tenant == tenant,
            responses.c.survey == row.survey,
            responses.c.activation == row.activation,
            responses.c.state == ResponseState.RECORDED.value,
        )
    ).scalar_one()
    return NotedResponse(
        row.id,
        row.survey,
        row.activation,
        row.contact or "",
        row.state,
        row.language,
        row.answers,
        row.updated_at,
        int(recorded),
    )
