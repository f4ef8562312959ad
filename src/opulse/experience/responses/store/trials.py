"""Test responses: listed and deleted by survey."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from opulse.experience.responses.models import Response, ResponseState
from opulse.experience.responses.store.rows import response_of
from opulse.experience.responses.store.tables import response_history, responses


def list_tests(conn: Connection, tenant: int, survey: str, limit: int) -> list[Response]:
    """The latest first."""
    rows = conn.execute(
        select(responses)
        .where(
            responses.c.tenant == tenant,
            responses.c.survey == survey,
            responses.c.state == ResponseState.TEST.value,
        )
        .order_by(responses.c.updated_at.desc(), responses.c.id)
        .limit(limit)
    )
    return [response_of(row) for row in rows]


def delete_tests(conn: Connection, tenant: int, survey: str) -> int:
    """All of a survey with their histories; how many there were."""
    tests = select(responses.c.id).where(
        responses.c.tenant == tenant,
        responses.c.survey == survey,
        responses.c.state == ResponseState.TEST.value,
    )
    ids = list(conn.execute(tests).scalars())
    for start in range(0, len(ids), 500):  # in steps: tests are made by hand and few
        some = ids[start : start + 500]
        conn.execute(
            delete(response_history).where(
                response_history.c.tenant == tenant, response_history.c.response.in_(some)
            )
        )
        conn.execute(delete(responses).where(responses.c.tenant == tenant, responses.c.id.in_(some)))
    return len(ids)
