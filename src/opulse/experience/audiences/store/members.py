"""Members of segments: those that the rule is true of, set step by step; and those that can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from opulse.experience.audiences.models import Term
from opulse.experience.audiences.store.compiling import Condition
from opulse.experience.directory.models import Contact
from opulse.experience.directory.views import contact_of, contacts, list_members, out_everywhere


def count_matches(conn: Connection, tenant: int, directory: str, term: Term, now: datetime) -> int:
    query = select(func.count()).select_from(contacts)
    return int(conn.execute(query.where(*_matching(conn, tenant, directory, term, now))).scalar_one())


def list_matches(
    conn: Connection, tenant: int, directory: str, term: Term, now: datetime, limit: int, offset: int = 0
) -> list[Contact]:
    """The first ones, by id; ``offset``: behind so many."""
    query = select(contacts).where(*_matching(conn, tenant, directory, term, now))
    return [
        contact_of(row) for row in conn.execute(query.order_by(contacts.c.id).limit(limit).offset(offset))
    ]


def step_of(
    conn: Connection, tenant: int, directory: str, term: Term, after: str, limit: int, now: datetime
) -> tuple[list[str], str]:
    """Of the next ``limit`` contacts behind ``after``: those that match, and the last id; empty at the end."""
    here = contacts.c.tenant == tenant, contacts.c.directory == directory, contacts.c.id > after
    ids = list(
        conn.execute(select(contacts.c.id).where(*here).order_by(contacts.c.id).limit(limit)).scalars()
    )
    if not ids:
        return [], ""
    query = select(contacts.c.id).where(
        *_matching(conn, tenant, directory, term, now), contacts.c.id > after, contacts.c.id <= ids[-1]
    )
    return list(conn.execute(query).scalars()), ids[-1]


def list_drawable(conn: Connection, tenant: int, source: str, after: str, limit: int) -> Sequence[str]:
    """Members of a list behind ``after`` who opted out neither of it nor of the directory nor of everything."""
    query = (
        select(contacts.c.id)
        .join(
            list_members,
            (list_members.c.tenant == contacts.c.tenant) & (list_members.c.contact == contacts.c.id),
        )
        .where(
            list_members.c.tenant == tenant,
            list_members.c.list == source,
            list_members.c.unsubscribed.is_(False),
            contacts.c.unsubscribed.is_(False),
            ~out_everywhere(),
            contacts.c.deleted.is_(False),
            contacts.c.id > after,
        )
        .order_by(contacts.c.id)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def _matching(
    conn: Connection, tenant: int, directory: str, term: Term, now: datetime
) -> tuple[ColumnElement[bool], ...]:
    return (
        contacts.c.tenant == tenant,
        contacts.c.directory == directory,
        contacts.c.deleted.is_(False),
        Condition(conn, now).of(term),
    )
