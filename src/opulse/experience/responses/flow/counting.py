"""The door for whoever keeps counts: each response's change is given out exactly once."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.experience.responses import store
from opulse.experience.responses.models import CountChange


def take_uncounted_in(conn: Connection, tenant: int, activation: str, limit: int = 500) -> list[CountChange]:
    """Up to ``limit`` changes that the counts of ``activation`` do not hold yet; count them in the same unit.

    Call it again until it returns fewer than ``limit``, and complete the ``response.recorded`` job in the unit that does:
    a response that is recorded later then finds no job waiting and announces itself by a new one.
    """
    return store.claim_uncounted(conn, tenant, activation, limit)
