"""An installation in the test's own process: real ports, tenants with keys, clients of an app that was not started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
from cryptography.fernet import Fernet

from opulse.clock import Clock
from opulse.db import Database
from opulse.mail.smtp import RelayPool
from opulse.outbound import AddressPolicy, OutboundClient
from opulse.ports import Ports, SecretBox
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import KeyKind
from opulse.wire.tokens import LinkTokens

ADDRESS = "http://test"


@asynccontextmanager
async def open_ports(db: Database, clock: Clock, **changes: Any) -> AsyncIterator[Ports]:
    """Ports that may reach this machine and nothing beyond, with no relay: give ``relay=lambda: Relay(...)`` to mail."""
    reach = AddressPolicy.of(networks=["127.0.0.0/8"], allow_http=True)
    ports = Ports(
        db=db,
        clock=clock,
        http=OutboundClient(reach, clock),
        relays=RelayPool(clock),
        relay=lambda: None,
        links=LinkTokens([(1, b"l" * 32)]),
        secrets=SecretBox([Fernet.generate_key()]),
        digest_key=b"d" * 32,
        public_url=ADDRESS,
        monitoring_url=ADDRESS,
        mail_from="pulse@example.org",
    )
    ports = replace(ports, **changes)
    yield ports
    await ports.relays.close()
    await ports.http.aclose()


async def make_tenant(
    ports: Ports, name: str = "Acme", kind: KeyKind = KeyKind.INTEGRATION
) -> tuple[int, str]:
    """A tenant, and the secret of a key of its own."""
    tenant = await create_tenant(ports, name, "test")
    _, secret = await issue_key(ports, tenant.id, kind, "test", "test")
    return tenant.id, secret


@asynccontextmanager
async def browse(app: Any, key: str = "") -> AsyncIterator[httpx2.AsyncClient]:
    """A client that speaks to the ASGI app in process; with ``key`` it is a machine's, without a person's."""
    headers = {"X-API-TOKEN": key} if key else {"Accept": "text/html"}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
        yield client
