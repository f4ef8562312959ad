"""Invitations of contacts that turned out to be one person."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select, update

from opulse.experience.distributions.store.tables import invitations


def move_invitations(conn: Connection, tenant: int, survivor: str, others: Sequence[str]) -> int:
    """They count as the survivor's, but for those of a cause of which the survivor has one of their own. Returns how many."""
    table = invitations
    own = table.alias("own")
    same = (
        own.c.tenant == table.c.tenant,
        own.c.contact == survivor,
        own.c.cause == table.c.cause,
        own.c.workflow == table.c.workflow,
        own.c.wave == table.c.wave,
    )
    done = 0
    for other in others:  # one at a time: two of them may have been asked about the same cause
        found = conn.execute(
            update(table)
            .where(table.c.tenant == tenant, table.c.contact == other, ~exists(select(own.c.id).where(*same)))
            .values(contact=survivor)
        )
        done += found.rowcount
    return done
