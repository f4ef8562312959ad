"""Embedded data set on responses, and responses deleted: many in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from opulse.db import JsonDoc, as_json, json_list
from opulse.db.json_rows import JSON_CELL, json_rows
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.models.amending import Amendment, Claimed
from opulse.experience.responses.store.tables import response_history, response_walks, responses

_DELETED = ResponseState.DELETED.value
_RECORDED = ResponseState.RECORDED.value


def claim_responses(conn: Connection, tenant: int, survey: str, ids: Sequence[str]) -> list[Claimed]:
    """Those of the ids that the survey has, and that nobody deleted; locked until the unit ends."""
    wanted = json_list(conn, ids)
    one = responses.c
    query = select(one.id, one.activation, one.individual, one.invitation, one.cut, one.embedded).where(
        one.tenant == tenant,
        one.survey == survey,
        one.id.in_(select(wanted.c.value)),
        one.state != _DELETED,
    )
    return [
        Claimed(row.id, row.activation, row.individual and row.invitation != "" and not row.cut, row.embedded)
        for row in conn.execute(query.order_by(one.id).with_for_update(of=responses))
    ]


def find_survey_of(conn: Connection, tenant: int, response: str) -> str | None:
    """The survey that a response, which nobody deleted, is of."""
    one = responses.c
    query = select(one.survey).where(one.tenant == tenant, one.id == response, one.state != _DELETED)
    return conn.execute(query).scalar_one_or_none()


def set_embedded(conn: Connection, tenant: int, amendments: Sequence[Amendment], now: datetime) -> None:
    """Lay each one's fields over what its response has; where it resets, it is recorded now."""
    dialect = conn.dialect.name
    given = json_rows(dialect, "given", {"id": Text(), "patch": JSON_CELL, "reset": Boolean()})
    kept = responses.c.embedded
    laid: ColumnElement[Any] = (
        kept.op("||", return_type=JsonDoc)(given.c.patch)
        if dialect == "postgresql"
        else func.json_patch(kept, given.c.patch, type_=JsonDoc)
    )
    at = responses.c.recorded_at
    recorded = case((and_(given.c.reset, at.is_not(None)), literal(now, at.type)), else_=at)
    rows = [[one.response, dict(one.embedded), one.reset] for one in amendments]
    conn.execute(
        update(responses)
        .where(responses.c.tenant == tenant, responses.c.id == given.c.id)
        .values(embedded=laid, recorded_at=recorded),
        {"given": as_json(rows)},
    )


def mark_deleted(conn: Connection, tenant: int, ids: Sequence[str], now: datetime) -> None:
    """Throw the answers away. What the counts still hold of a response stays in its history until they have let go of it."""
    one = responses.c
    these = (one.tenant == tenant, one.id.in_(select(json_list(conn, ids).c.value)))
    sessions = select(one.invitation).where(*these, one.individual)
    conn.execute(
        delete(response_walks).where(
            response_walks.c.tenant == tenant, response_walks.c.session.in_(sessions)
        )
    )
    uncounted = and_(one.counted == one.revision, one.state != _RECORDED)
    conn.execute(
        update(responses)
        .where(*these)
        .values(
            state=_DELETED,
            answers={},
            embedded={},
            revision=one.revision + 1,
            counted=case((uncounted, one.revision + 1), else_=one.counted),
            updated_at=now,
            recorded_at=null(),
        )
    )
    names = ["tenant", "response", "revision", "state", "answers", "language", "at"]
    now_kept = select(
        one.tenant, one.id, one.revision, one.state, one.answers, one.language, one.updated_at
    ).where(*these)
    conn.execute(insert(response_history).from_select(names, now_kept))
    forget_history(conn, tenant, ids)


def forget_history(conn: Connection, tenant: int, ids: Sequence[str]) -> None:
    """Earlier revisions of deleted responses, but the one that the counts still hold."""
    past = response_history.c
    own = and_(responses.c.tenant == past.tenant, responses.c.id == past.response)
    needless = select(literal(1)).where(
        own, past.revision < responses.c.revision, past.revision != responses.c.counted
    )
    conn.execute(
        delete(response_history).where(
            past.tenant == tenant,
            past.response.in_(select(json_list(conn, ids).c.value)),
            needless.exists(),
        )
    )


def list_embedded_set(conn: Connection, tenant: int, survey: str) -> list[str]:
    """Names of the fields that programs have set on any response of the survey."""
    each = (
        func.jsonb_each_text(responses.c.embedded).table_valued("key", "value")
        if conn.dialect.name == "postgresql"
        else func.json_each(responses.c.embedded).table_valued("key", "value")
    ).alias("field")
    name = cast(each.c.key, Text()).label("name")
    query = (
        select(name)
        .select_from(responses.join(each, literal(value=True)))
        .where(responses.c.tenant == tenant, responses.c.survey == survey)
        .distinct()
    )
    return sorted(conn.execute(query).scalars())
