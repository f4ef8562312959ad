"""What pages read of tenancy: people, sessions, keys, service accounts, the audit trail."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from opulse.tenancy.models import Session
from opulse.tenancy.store.access import list_clients
from opulse.tenancy.store.audit import list_audit
from opulse.tenancy.store.keys import list_accounts, list_keys
from opulse.tenancy.store.people import find_person, list_people, list_sessions, people, sessions
from opulse.tenancy.store.tenants import find_tenant

__all__ = [
    "find_person",
    "find_tenant",
    "list_accounts",
    "list_audit",
    "list_clients",
    "list_keys",
    "list_people",
    "list_sessions",
    "list_tenant_sessions",
]


def list_tenant_sessions(conn: Connection, tenant: int) -> list[tuple[Session, str]]:
    """Every session of the tenant with the address of the person behind it, the last used first."""
    rows = conn.execute(
        select(sessions, people.c.email)
        .join(people, and_(people.c.tenant == sessions.c.tenant, people.c.id == sessions.c.person))
        .where(sessions.c.tenant == tenant)
        .order_by(sessions.c.last_seen.desc())
    )
    return [
        (
            Session(
                row.id,
                row.tenant,
                row.person,
                row.created_at,
                row.last_seen,
                row.proved_at,
                row.agent,
                row.address,
            ),
            row.email,
        )
        for row in rows
    ]
