"""Unfinished responses whose time is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Connection, and_, func, insert, literal, select, update

from opulse.db import json_list
from opulse.experience.responses.models import ResponsePolicy, ResponseState
from opulse.experience.responses.store.policies import response_policies
from opulse.experience.responses.store.tables import response_history, responses

_DAY = 86_400_000_000  # microseconds, as instants are stored


def close_partials(conn: Connection, now: datetime, limit: int = 2_000) -> int:
    """Close up to ``limit`` responses of all tenants that nobody went on with for their survey's days; how many they were."""
    days = func.coalesce(response_policies.c.partial_days, literal(ResponsePolicy("").partial_days))
    due = conn.execute(
        select(responses.c.tenant, responses.c.id)
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
    return len(due)


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
