"""Which responses the counts do not hold yet."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select, update

from opulse.db import json_list
from opulse.experience.responses.models import CountChange, ResponseState
from opulse.experience.responses.store.amending import forget_history
from opulse.experience.responses.store.tables import response_history, responses


def claim_uncounted(conn: Connection, tenant: int, activation: str, limit: int) -> list[CountChange]:
    """Up to ``limit`` changes of one activation, from now on held to be counted: count them in the same unit.

    A row that another counter or a person's POST holds is left to the job that the POST announces.
    """
    rows = conn.execute(
        select(
            responses.c.id,
            responses.c.survey,
            responses.c.version,
            responses.c.state,
            responses.c.answers,
            response_history.c.state.label("former_state"),
            response_history.c.answers.label("former_answers"),
        )
        .outerjoin(
            response_history,
            and_(
                response_history.c.tenant == responses.c.tenant,
                response_history.c.response == responses.c.id,
                response_history.c.revision == responses.c.counted,
            ),
        )
        .where(
            responses.c.tenant == tenant,
            responses.c.activation == activation,
            responses.c.revision > responses.c.counted,
        )
        .limit(limit)
        .with_for_update(skip_locked=True, of=responses)
    ).all()
    if not rows:
        return []
    ids = json_list(conn, [row.id for row in rows])
    conn.execute(
        update(responses)
        .where(responses.c.tenant == tenant, responses.c.id.in_(select(ids.c.value)))
        .values(counted=responses.c.revision)
    )
    if gone := [row.id for row in rows if row.state == ResponseState.DELETED.value]:
        forget_history(conn, tenant, gone)  # what was kept of it to be taken away was read above
    recorded = ResponseState.RECORDED.value
    return [
        CountChange(
            response=row.id,
            survey=row.survey,
            version=row.version,
            before=row.former_answers if row.former_state == recorded else {},
            after=row.answers if row.state == recorded else {},
        )
        for row in rows
    ]
