"""JSON routes of tenancy: tokens, the tenant's settings, credentials of machines."""

from __future__ import annotations

from fastapi import APIRouter

from opulse.tenancy.api import credentials, oauth_clients, tenant
from opulse.tenancy.flow.addresses import cloud_url, token_url
from opulse.web.joining import join

__all__ = ["cloud_url", "router", "token_url"]

router = APIRouter()
for part in (tenant, credentials, oauth_clients):
    join(router, part.router)
