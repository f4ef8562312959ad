"""What the sender may send now, and what must stop. Both are resolvers across tenants."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, exists, select, tuple_

from opulse.experience.distributions.models import DistributionKind, DistributionState, Turn
from opulse.experience.distributions.store.tables import distributions, invitations
from opulse.tenancy import Tenant, get_tenant


def list_due(conn: Connection, now: datetime) -> list[Turn]:
    """Running distributions with an invitation to send now, of tenants whose mail may leave."""
    due = exists().where(
        invitations.c.tenant == distributions.c.tenant,
        invitations.c.distribution == distributions.c.id,
        invitations.c.next_try_at <= now,
        invitations.c.send_by > now,
    )
    rows = conn.execute(
        select(
            distributions.c.tenant, distributions.c.id, distributions.c.priority, distributions.c.kind
        ).where(distributions.c.state == DistributionState.RUNNING.value, due)
    ).all()
    open_tenants = {
        tenant for tenant in {row.tenant for row in rows} if mail_may_leave(get_tenant(conn, tenant))
    }
    return [
        Turn(row.tenant, row.id, row.priority, DistributionKind(row.kind))
        for row in rows
        if row.tenant in open_tenants
    ]


def mail_may_leave(tenant: Tenant) -> bool:
    """Whether neither of the tenant's switches holds all mail back."""
    return not tenant.mail_paused and not tenant.hold_after_restore


def list_stopped(conn: Connection, sending: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the (tenant, distribution) pairs that must not go on."""
    running = conn.execute(
        select(distributions.c.tenant, distributions.c.id).where(
            tuple_(distributions.c.tenant, distributions.c.id).in_(sorted(sending)),
            distributions.c.state == DistributionState.RUNNING.value,
        )
    ).all()
    open_tenants = {
        tenant for tenant in {one for one, _ in sending} if mail_may_leave(get_tenant(conn, tenant))
    }
    return set(sending) - {(row.tenant, row.id) for row in running if row.tenant in open_tenants}
