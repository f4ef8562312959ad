"""Contacts of which a rule is true now, page by page; nothing is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.audiences.models import Term
from opulse.experience.audiences.store.members import list_matches
from opulse.experience.directory.models import Contact


def find_matches(
    conn: Connection, tenant: int, directory: str, term: Term, now: datetime, offset: int, limit: int
) -> list[Contact]:
    """By id, from the one in the ``offset``-th place."""
    return list_matches(conn, tenant, directory, term, now, limit, offset)
