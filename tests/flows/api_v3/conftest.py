"""``v3``: the application in process, a client with a user's API token, and what tests need to make more of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from opulse.bootstrap.app import make_app
from opulse.bootstrap.stages import import_stores
from opulse.experience.directory.flow.lists import create_directory
from opulse.ports import Ports
from opulse.tenancy.flow import people
from opulse.tenancy.flow.access_tokens import make_person_token
from opulse.tenancy.flow.people import add_person
from opulse.tenancy.flow.tenants import create_tenant
from opulse.web.access import Role

import_stores()
HOST = "http://v3.example:8443"


@dataclass
class Household:
    """A tenant with an administrator, their API token, a client that sends it, and a directory."""

    ports: Ports
    app: FastAPI
    tenant: int
    person: str
    token: str
    client: httpx2.AsyncClient
    directory: str

    def calling(self, **headers: str) -> httpx2.AsyncClient:
        """A client without this household's token."""
        transport = httpx2.ASGITransport(app=self.app)
        return httpx2.AsyncClient(transport=transport, base_url=HOST, headers=headers)


async def make_household(ports: Ports, app: FastAPI, name: str) -> Household:
    tenant = (await create_tenant(ports, name, "test")).id
    email = f"ada@{name.lower()}.example"
    person = await add_person(
        ports, tenant, email, "Ada M. Lovelace", Role.ADMIN, "a password of some length", "test"
    )
    token = await make_person_token(ports, tenant, person.id, "test")
    directory = (await create_directory(ports, tenant, f"{name} people", "test")).id
    transport = httpx2.ASGITransport(app=app)
    client = httpx2.AsyncClient(transport=transport, base_url=HOST, headers={"X-API-TOKEN": token})
    return Household(ports, app, tenant, person.id, token, client, directory)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real argon2 at its least cost."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    monkeypatch.setattr(people, "_hasher", lambda: hasher)


@pytest.fixture
async def v3(ports: Ports) -> AsyncIterator[Household]:
    made = await make_household(ports, make_app(ports), "Acme")
    async with made.client:
        yield made
