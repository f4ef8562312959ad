"""Pages of tenancy: signing in and out, the own account, and the administrator's pages."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.tenancy.pages import account, api_keys, audit, people, service_accounts, sessions, signing, tenant

router = APIRouter(include_in_schema=False)
for part in (signing, account, people, sessions, api_keys, service_accounts, tenant, audit):
    router.include_router(part.router)
