"""How far people came on their way through a survey of several pages, and what the directory knows of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from opulse.db import json_list
from opulse.experience.directory.views import contacts
from opulse.experience.responses.models import Person, ResponseState, WalkRow
from opulse.experience.responses.store.tables import response_walks, responses
from opulse.experience.surveys.models import Answers
from opulse.templating.values import pipe_text

_NAMES = {
    "FirstName": contacts.c.first_name,
    "LastName": contacts.c.last_name,
    "Email": contacts.c.email,
    "Phone": contacts.c.phone,
    "Language": contacts.c.language,
    "ExternalDataReference": contacts.c.ext_ref,
}
"""The product's names of a contact's own fields."""


def find_walk(conn: Connection, tenant: int, session: str) -> WalkRow | None:
    """The walk of a session, or None when it did not begin."""
    row = conn.execute(
        select(response_walks).where(response_walks.c.tenant == tenant, response_walks.c.session == session)
    ).first()
    return _walk(row) if row else None


def save_walk(conn: Connection, row: WalkRow) -> bool:
    """Write a walk on top of the one it was read as: ``row.turns`` is one more. False: another post was quicker."""
    values = {
        "answers": row.answers,
        "sent": list(row.sent),
        "embedded": dict(row.embedded),
        "turns": row.turns,
        "updated_at": row.updated_at,
        "finished_at": row.finished_at,
    }
    if row.turns == 1:
        named = {"tenant": row.tenant, "session": row.session, "survey": row.survey, "version": row.version}
        conn.execute(insert(response_walks).values(named | values | {"started_at": row.started_at}))
        return True
    done = conn.execute(
        update(response_walks)
        .where(
            response_walks.c.tenant == row.tenant,
            response_walks.c.session == row.session,
            response_walks.c.turns == row.turns - 1,
        )
        .values(values)
    )
    return done.rowcount == 1


def delete_walk(conn: Connection, tenant: int, session: str) -> None:
    """Forget a walk: a test that is begun anew."""
    conn.execute(
        delete(response_walks).where(response_walks.c.tenant == tenant, response_walks.c.session == session)
    )


def forget_walks(conn: Connection, before: datetime, limit: int = 2_000) -> int:
    """Delete up to ``limit`` walks of all tenants that nobody went on with since ``before``; how many they were.

    The responses stay. What a person did not finish by then is closed already, and a finished one needs its way no more.
    """
    old = conn.execute(
        select(response_walks.c.tenant, response_walks.c.session)
        .where(response_walks.c.updated_at < before)
        .limit(limit)
    ).all()
    for tenant in {row.tenant for row in old}:
        sessions = json_list(conn, [row.session for row in old if row.tenant == tenant])
        conn.execute(
            delete(response_walks).where(
                response_walks.c.tenant == tenant, response_walks.c.session.in_(select(sessions.c.value))
            )
        )
    return len(old)


def update_partial(
    conn: Connection, tenant: int, invitation: str, answers: Answers, language: str, now: datetime
) -> bool:
    """The answers of a response in progress, page by page; only its first and its last state are in the history."""
    done = conn.execute(
        update(responses)
        .where(
            responses.c.tenant == tenant,
            responses.c.invitation == invitation,
            responses.c.individual,
            responses.c.state == ResponseState.IN_PROGRESS.value,
        )
        .values(answers=answers, language=language, updated_at=now)
    )
    return done.rowcount > 0


def find_person(conn: Connection, tenant: int, contact: str) -> Person:
    """What the directory knows of a contact; nothing of nobody, and nothing of one who was deleted."""
    if not contact:
        return Person()
    row = conn.execute(
        select(contacts).where(
            contacts.c.tenant == tenant, contacts.c.id == contact, contacts.c.deleted.is_(False)
        )
    ).first()
    if row is None:
        return Person()
    own = {name: str(getattr(row, column.name)) for name, column in _NAMES.items()}
    return Person(own, {name: pipe_text(value) for name, value in row.embedded.items()})


def _walk(row: Row[Any]) -> WalkRow:
    return WalkRow(**(dict(row._mapping) | {"sent": tuple(row.sent)}))
