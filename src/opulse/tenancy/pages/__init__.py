"""Pages of tenancy: signing in and out, the own account, and the administrator's pages."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.tenancy.pages import account, api_keys, audit, people, service_accounts, sessions, signing, tenant
from opulse.web.joining import join

router = APIRouter(include_in_schema=False)
for part in (signing, account, people, sessions, api_keys, service_accounts, tenant, audit):
    join(router, part.router)
