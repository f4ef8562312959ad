"""Answers without the person: free texts taken out, and the way from an answer to whoever gave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from opulse.db import json_list
from opulse.experience.distributions.views import invitations
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.store.tables import owner_corrections, response_history, responses

TEXT = "_TEXT"
"""How the keys of free texts end."""


def find_answers_of(conn: Connection, tenant: int, found: Sequence[str]) -> list[str]:
    """Responses by these invitations."""
    wanted = json_list(conn, found)
    table = responses.c
    query = select(table.id).where(table.tenant == tenant, table.invitation.in_(select(wanted.c.value)))
    return list(conn.execute(query.order_by(table.id)).scalars())


def forget_texts(conn: Connection, tenant: int, ids: Sequence[str]) -> int:
    """Take the free texts out of these answers and their history; a text can name its author. Returns how many had any.

    A loop over answers is right here: each has its own texts; a unit has at most 2,000.
    """
    wanted = json_list(conn, ids)
    changed = 0
    for table, keys in ((responses, ("id",)), (response_history, ("response", "revision"))):
        own = table.c.id if table is responses else table.c.response
        rows = conn.execute(
            select(table).where(table.c.tenant == tenant, own.in_(select(wanted.c.value)))
        ).mappings()
        spoken = [
            {**{f"of_{key}": row[key] for key in keys}, "left": _without_texts(row["answers"])}
            for row in rows
            if any(key.endswith(TEXT) for key in row["answers"])
        ]
        if spoken:
            where = and_(table.c.tenant == tenant, *(table.c[key] == bindparam(f"of_{key}") for key in keys))
            conn.execute(
                update(table).where(where).values(answers=bindparam("left", type_=table.c.answers.type)),
                spoken,
            )
        changed += len(spoken) if table is responses else 0
    return changed


def forget_corrections(conn: Connection, tenant: int, found: Sequence[str]) -> int:
    """Forget that these people said that a device is not theirs."""
    wanted = json_list(conn, found)
    table = owner_corrections.c
    done = conn.execute(
        delete(owner_corrections).where(table.tenant == tenant, table.invitation.in_(select(wanted.c.value)))
    )
    return done.rowcount


def list_with_old_texts(conn: Connection, tenant: int, before: datetime, after: str, limit: int) -> list[str]:
    """Responses behind ``after`` that were last changed before then."""
    table = responses.c
    query = select(table.id).where(table.tenant == tenant, table.updated_at < before, table.id > after)
    return list(conn.execute(query.order_by(table.id).limit(limit)).scalars())


def cut_links(conn: Connection, tenant: int, before: datetime, now: datetime, limit: int) -> list[str]:
    """Answers recorded before then by links that are over do not lead to an invitation any more; the invitations they led to."""
    where = and_(invitations.c.tenant == responses.c.tenant, invitations.c.id == responses.c.invitation)
    rows = conn.execute(
        select(responses.c.id, responses.c.invitation)
        .join(invitations, where)
        .where(
            responses.c.tenant == tenant,
            responses.c.state == ResponseState.RECORDED.value,
            responses.c.updated_at < before,
            responses.c.revision <= responses.c.counted,
            invitations.c.expires_at < now,
        )
        .limit(limit)
    ).all()
    wanted = json_list(conn, [row.id for row in rows])
    conn.execute(
        update(responses)
        .where(responses.c.tenant == tenant, responses.c.id.in_(select(wanted.c.value)))
        .values(invitation="", individual=False)
    )
    return [row.invitation for row in rows]


def _without_texts(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answers.items() if not key.endswith(TEXT)}
