"""A small installation for tests of one or two stages: real ports, real gate, an app with the routers asked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from cryptography.fernet import Fernet
from fastapi import APIRouter, FastAPI

import opulse.experience.responses
import opulse.experience.surveys
import opulse.experience.surveys.qsf
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.mail.smtp import RelayPool
from opulse.outbound import AddressPolicy, OutboundClient
from opulse.ports import Ports, SecretBox
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.people import add_person, sign_in
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.gate import TenancyGate
from opulse.tenancy.models import KeyKind
from opulse.web.access import Role
from opulse.web.components.manifest import AssetManifest
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.errors import install_errors
from opulse.web.layout import Pages, make_environment
from opulse.wire.tokens import LinkTokens

TEMPLATES = {
    stage.__name__.rpartition(".")[2]: Path(str(stage.__file__)).parent / "templates"
    for stage in (opulse.experience.responses, opulse.experience.surveys, opulse.experience.surveys.qsf)
}
ICONS = Path(__file__).parents[4] / "assets" / "icons.json"
FILES = ("logo.svg", "icons.svg", "respondent.css", "respondent.js", "console.css", "console.js", "theme.js")
ASSETS = AssetManifest({name: name for name in FILES}, frozenset(json.loads(ICONS.read_text())))
PASSWORD = "a password of some length"


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
    app.state.pages = Pages(make_environment(TEMPLATES, ASSETS))
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


async def sign_in_as(ports: Ports, tenant: int, role: Role, client: httpx2.AsyncClient) -> None:
    """Give the client the session of a person of this role."""
    email = f"{role.value}-{tenant}@example.org"
    await add_person(ports, tenant, email, role.value, role, PASSWORD, "test")
    signed_in = await sign_in(ports, email, PASSWORD, "test", "127.0.0.1")
    client.cookies.set(SESSION_COOKIE, signed_in.cookie)
