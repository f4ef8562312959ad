"""A running installation with two tenants: Acme has one of everything, and an incident under way; Brim looks on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from opulse.bootstrap.installation import running
from opulse.cli.demo.calling import ApiClient
from opulse.ports import Ports
from opulse.settings import load_settings
from opulse.tenancy import Tenant
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.people import add_person
from opulse.tenancy.flow.service_accounts import create_account
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import KeyKind
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.roles import Caller as Claims
from opulse.web.roles import Role
from tests.faults.browser import link_in
from tests.faults.world import Incident, batch_of, make_world, report
from tests.servers.smtp import SmtpSink

PASSWORD = "a password of some length"
MARK = "zebra"  # part of the names of what Acme has; nobody else may ever read it
PATIENCE = 40.0
HOUR = 3600.0
PEOPLE = (Role.ADMIN, Role.EDITOR, Role.VIEWER)


@dataclass(frozen=True)
class Caller:
    """Somebody with a credential. ``role`` None: nobody."""

    name: str
    role: Role | None
    client: httpx2.AsyncClient

    def may(self, roles: tuple[Role, ...]) -> bool:
        return self.role is not None and Claims(0, self.role, self.name).may(*roles)

    @property
    def is_person(self) -> bool:
        return self.role in PEOPLE


@dataclass
class Household:
    """A tenant with callers of every role, by role."""

    tenant: Tenant
    domain: str
    key: str
    callers: dict[Role, Caller] = field(default_factory=dict)

    def address_of(self, role: str) -> str:
        return f"{role}@{self.domain}"


@dataclass
class World:
    """See the module. ``link``: the token of one person's survey link. ``tasks``: of the workflow that receives the webhook."""

    url: str
    app: FastAPI
    ports: Ports
    sink: SmtpSink
    acme: Household
    brim: Household
    nobody: Caller
    api: ApiClient
    incident: Incident
    activation: str = ""
    link: str = ""
    tasks: list[dict[str, Any]] = field(default_factory=list)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)


@asynccontextmanager
async def open_world(folder: Path, database_url: str, sink: SmtpSink) -> AsyncIterator[World]:
    settings = load_settings(
        folder,
        database_url=database_url,
        port=0,
        smtp_host="127.0.0.1",
        smtp_port=sink.port,
        smtp_security="none",
        mail_from="pulse@acme.example",
        wave_seconds=HOUR,  # nothing moves by itself once the incident has settled
        clear_minutes=60,
        reporting_minutes=60,
        log_format="text",
    )
    async with running(settings) as listening, AsyncExitStack() as stack:
        assert listening.server is not None
        app, ports = listening.server.config.app, listening.opened
        assert isinstance(app, FastAPI)
        acme = await _make_household(stack, ports, listening.url, "Acme", f"{MARK}.example")
        brim = await _make_household(stack, ports, listening.url, "Brim", "brim.example")
        nobody = Caller("nobody", None, await open_client(stack, listening.url))
        api = await stack.enter_async_context(ApiClient(listening.url, acme.key))
        incident = (await make_world(api, api, [MARK]))[MARK]
        world = World(listening.url, app, ports, sink, acme, brim, nobody, api, incident, stack=stack)
        await _start_incident(world)
        await _add_scoped_keys(world)
        yield world


async def _make_household(stack: AsyncExitStack, ports: Ports, url: str, name: str, domain: str) -> Household:
    tenant = await create_tenant(ports, name, "test")
    secret = (await issue_key(ports, tenant.id, KeyKind.INTEGRATION, f"key of {name}", "test"))[1]
    household = Household(tenant, domain, secret)
    for role in PEOPLE:
        client = await open_client(stack, url)
        email = household.address_of(role.value)
        await add_person(ports, tenant.id, email, f"{name} {role.value}", role, PASSWORD, "test")
        await sign_in(client, email)
        household.callers[role] = Caller(f"{name} {role.value}", role, client)
    client = await open_client(stack, url, {"X-API-TOKEN": secret})
    household.callers[Role.INTEGRATION] = Caller(f"{name} integration key", Role.INTEGRATION, client)
    return household


async def open_client(
    stack: AsyncExitStack, url: str, headers: dict[str, str] | None = None
) -> httpx2.AsyncClient:
    """A machine with a key in ``headers``; without, a browser whose forms are ours."""
    given = headers or {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    client = httpx2.AsyncClient(base_url=url, headers=given, timeout=30, trust_env=False)
    return await stack.enter_async_context(client)


async def sign_in(client: httpx2.AsyncClient, email: str) -> None:
    answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
    assert SESSION_COOKIE in client.cookies


async def _add_scoped_keys(world: World) -> None:
    """Agents, gateways and service accounts of both tenants. Brim's keys name Acme's system and group: that must not help."""
    system = world.incident.first[0]
    group = next(one for one in (await world.api.get("/api/v1/groups"))["groups"] if one["name"] == MARK)
    scopes = {KeyKind.AGENT: [system], KeyKind.GATEWAY: [group["group_id"]]}
    for household in (world.acme, world.brim):
        tenant = household.tenant
        for kind, scope in scopes.items():
            key = (await issue_key(world.ports, tenant.id, kind, kind.value, "test", scope))[1]
            await _add_caller(world, household, Role(kind.value), {"X-API-TOKEN": key})
        token = await _token_of(world, tenant)
        await _add_caller(world, household, Role.SYSTEMS, {"Authorization": f"Bearer {token}"})


async def _add_caller(world: World, household: Household, role: Role, headers: dict[str, str]) -> None:
    client = await open_client(world.stack, world.url, headers)
    household.callers[role] = Caller(f"{household.tenant.name} {role.value}", role, client)


async def _token_of(world: World, tenant: Tenant) -> str:
    account, password = await create_account(world.ports, tenant.id, "service", "test")
    form = {
        "grant_type": "password",
        "client_id": tenant.client_id,
        "username": account.username,
        "password": password,
    }
    answer = await world.nobody.client.post("/oauth/token", data=form)
    return str(answer.json()["access_token"])


async def _start_incident(world: World) -> None:
    assert await report(world.url, world.acme.key, batch_of(1, world.incident.first))
    world.activation = str(await until("an activation", lambda: _find_activation(world)))
    await until("mails", lambda: _is_settled(world))
    workflows = [one["document"] for one in await world.api.get("/api/v1/workflows")]
    world.tasks = next(one["tasks"] for one in workflows if one["trigger"]["type"] == "json_event")
    world.link = link_in(world.sink.mails()[0]).rsplit("/", 1)[1]


async def _find_activation(world: World) -> str | None:
    found = await world.api.get("/api/v1/activations", state="active")
    return str(found["activations"][0]["activation_id"]) if found["activations"] else None


async def _is_settled(world: World) -> bool:
    ledger = await world.api.get(f"/api/v1/activations/{world.activation}/ledger")
    under_way = {"being_resolved", "queued"} & ledger["states"].keys()
    return ledger["total"] == len(world.incident.first) and not under_way and bool(world.sink.mails())


async def until(what: str, ask: Callable[[], Awaitable[Any]]) -> Any:
    """The first true answer of ``ask``."""
    end = time.monotonic() + PATIENCE
    while not (answer := await ask()):
        assert time.monotonic() < end, f"no {what} within {PATIENCE:.0f} s"
        await asyncio.sleep(0.1)
    return answer
