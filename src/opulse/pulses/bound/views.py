"""What came of pulses: the people who were asked, counted in one query for all of them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from opulse.db import json_list
from opulse.experience.distributions.views import invitations

ASKED = ("queued", "sending", "unknown", "accepted", "deferred", "bounced", "offered")
"""States of an invitation that somebody got, or is about to get."""


def count_asked(
    conn: Connection, tenant: int, workflows: Iterable[str], activations: Iterable[str]
) -> dict[tuple[str, str], int]:
    """(workflow, activation) → people who were asked."""
    senders, causes = json_list(conn, workflows), json_list(conn, activations)
    rows = conn.execute(
        select(invitations.c.workflow, invitations.c.activation, func.count())
        .where(
            invitations.c.tenant == tenant,
            invitations.c.activation.in_(select(causes.c.value)),
            invitations.c.workflow.in_(select(senders.c.value)),
            invitations.c.state.in_(ASKED),
        )
        .group_by(invitations.c.workflow, invitations.c.activation)
    )
    return {(workflow, activation): count for workflow, activation, count in rows}
