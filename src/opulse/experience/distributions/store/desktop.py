"""What desktops are offered and what they showed, for the stage that speaks with the agents."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, case, func, literal, or_, select, update

from opulse.db import Instant
from opulse.experience.distributions.models import DistributionState, InvitationState
from opulse.experience.distributions.store.among import among
from opulse.experience.distributions.store.tables import distributions, invitations

_OFFERING = (DistributionState.RUNNING.value, DistributionState.DONE.value)
_NOT_MAILED = (
    InvitationState.OFFERED.value,
    InvitationState.REFUSED.value,
    InvitationState.BOUNCED.value,
    InvitationState.TOO_LATE.value,
)


def offer_until(conn: Connection, tenant: int, distribution: str, until: datetime) -> None:
    """Desktops are offered this distribution until ``until``, or later where that was said before."""
    column = distributions.c.desktop_until
    conn.execute(
        update(distributions)
        .where(
            distributions.c.tenant == tenant,
            distributions.c.id == distribution,
            or_(column.is_(None), column < until),
        )
        .values(desktop_until=until)
    )


def offers_anything(conn: Connection, tenant: int, now: datetime) -> bool:
    """Whether any distribution of the tenant is offered to desktops now: one look at an index of few rows."""
    found = (
        select(literal(1))
        .where(
            distributions.c.tenant == tenant,
            distributions.c.desktop_until > now,
            distributions.c.state.in_(_OFFERING),
        )
        .limit(1)
    )
    return conn.execute(found).scalar() is not None


def mark_shown(conn: Connection, tenant: int, ids: Collection[str], now: datetime) -> None:
    """A desktop showed these. One that no mail reached is *shown*; one that is mailed too keeps the state of its mail."""
    table = invitations
    not_mailed = table.c.state.in_(_NOT_MAILED)
    at = literal(now, Instant())
    conn.execute(
        update(table)
        .where(table.c.tenant == tenant, among(conn, table.c.id, sorted(ids)))
        .values(
            shown_at=func.coalesce(table.c.shown_at, at),
            sent_at=case((not_mailed, func.coalesce(table.c.sent_at, at)), else_=table.c.sent_at),
            state=case((not_mailed, InvitationState.SHOWN.value), else_=table.c.state),
        )
    )
