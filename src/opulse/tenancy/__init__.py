"""Tenants, people who sign in and their roles, sessions, keys of machines, service accounts, the audit trail.

In: credentials. Out: a :class:`~opulse.web.access.Caller` for the edge, a :class:`Tenant` for every flow, audit rows. No jobs.
"""

from opulse.tenancy.flow.audit import audit_in
from opulse.tenancy.models import Tenant
from opulse.tenancy.store.tenants import find_tenant, list_tenants

get_tenant = find_tenant

__all__ = ["Tenant", "audit_in", "find_tenant", "get_tenant", "list_tenants"]
