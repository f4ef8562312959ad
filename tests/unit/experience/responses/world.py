"""A small installation for tests of one or two stages: real ports, real gate, an app with the routers asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from cryptography.fernet import Fernet
from fastapi import APIRouter, FastAPI

import opulse.experience.responses
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.mail.smtp import RelayPool
from opulse.outbound import AddressPolicy, OutboundClient
from opulse.ports import Ports, SecretBox
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.gate import TenancyGate
from opulse.tenancy.models import KeyKind
from opulse.web.components.manifest import AssetManifest
from opulse.web.errors import install_errors
from opulse.web.layout import Pages, make_environment
from opulse.wire.tokens import LinkTokens

TEMPLATES = Path(opulse.experience.responses.__file__).parent / "templates"
ASSETS = AssetManifest({name: name for name in ("logo.svg", "respondent.css", "respondent.js", "icons.svg")})


def make_ports(db: Database, clock: ManualClock) -> Ports:
    """Ports whose outside parts are real and unused: nothing here mails or fetches."""
    return Ports(
        db=db,
        clock=clock,
        http=OutboundClient(AddressPolicy(), clock),
        relays=RelayPool(clock),
        relay=lambda: None,
        links=LinkTokens([(1, b"l" * 32)]),
        secrets=SecretBox([Fernet.generate_key()]),
        digest_key=b"d" * 32,
        public_url="http://test",
        monitoring_url="http://test",
        mail_from="pulse@example.org",
    )


def make_app(ports: Ports, *routers: APIRouter) -> FastAPI:
    app = FastAPI()
    install_errors(app)
    for router in routers:
        app.include_router(router)
    app.state.ports = ports
    app.state.gate = TenancyGate(ports)
    app.state.pages = Pages(make_environment({"responses": TEMPLATES}, ASSETS))
    return app


@asynccontextmanager
async def browse(app: FastAPI, key: str = "") -> AsyncIterator[httpx2.AsyncClient]:
    """A client that speaks to the app in process; with ``key`` it is a machine's."""
    headers = {"X-API-TOKEN": key} if key else {"Accept": "text/html"}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


async def make_tenant(ports: Ports, name: str = "Acme") -> tuple[int, str]:
    """A tenant and an integration key of its own."""
    tenant = await create_tenant(ports, name, "test")
    _, secret = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "test", "test")
    return tenant.id, secret
