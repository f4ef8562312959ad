"""A small monitoring wing for tests: real ports, real gate, a real evaluator, an app with the upstream stages' routers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from cryptography.fernet import Fernet
from fastapi import FastAPI

import opulse.monitoring.sensors
import opulse.monitoring.systems
from opulse.clock import ManualClock
from opulse.db import Database
from opulse.mail.smtp import RelayPool
from opulse.monitoring.sensors import Evaluator, SensorPick
from opulse.monitoring.sensors import api as sensors_api
from opulse.monitoring.systems import api as systems_api
from opulse.monitoring.systems import views
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

TEMPLATES = {
    stage.__name__.rsplit(".", 1)[1]: Path(str(stage.__file__)).parent / "templates"
    for stage in (opulse.monitoring.sensors, opulse.monitoring.systems)
}


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


def make_app(ports: Ports, evaluator: Evaluator) -> FastAPI:
    app = FastAPI()
    install_errors(app)
    app.include_router(systems_api.router)
    app.include_router(sensors_api.router)
    app.state.ports = ports
    app.state.evaluator = evaluator
    app.state.gate = TenancyGate(ports)
    app.state.pages = Pages(make_environment(TEMPLATES, AssetManifest({})))
    return app


@dataclass
class World:
    """One tenant, its integration key's client, and ways to say things shortly."""

    ports: Ports
    clock: ManualClock
    evaluator: Evaluator
    app: FastAPI
    tenant: int
    client: httpx2.AsyncClient

    async def key(self, kind: KeyKind, *scope: str) -> str:
        _, secret = await issue_key(self.ports, self.tenant, kind, f"{kind} {scope}", "test", scope)
        return secret

    async def put(self, *names: str, **more: Any) -> dict[str, str]:
        """Systems of these names; their GUIDs by name."""
        lines = [{"name": name, **more} for name in names]
        answer = await self.client.put("/api/v1/systems", json={"systems": lines})
        assert answer.status_code == 200, answer.text
        await self.evaluator.follow(self.tenant)
        return {line["name"]: line["system_id"] for line in answer.json()["systems"]}

    async def group(self, name: str, *members: str) -> str:
        answer = await self.client.post("/api/v1/groups", json={"name": name, "members": members})
        assert answer.status_code == 201, answer.text
        await self.evaluator.follow(self.tenant)
        return str(answer.json()["group_id"])

    async def send(self, batch: str, seq: int, changes: Sequence[dict[str, Any]], **more: Any) -> Any:
        """A batch of the integration key; the body of the 202."""
        body = {"batch": batch, "seq": seq, "changes": changes, **more}
        answer = await self.client.post("/api/v1/sensor-states", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def sensor(self, name: str) -> int:
        return self.evaluator.sensors(self.tenant)[name].idx

    def pick(self, name: str, instance: str | None = None) -> SensorPick:
        return SensorPick(self.sensor(name), instance)

    async def names(self, idxs: Sequence[int]) -> list[str]:
        """Names of the systems with these indices, in order."""
        found = await self.ports.db.read(views.list_systems_at, self.tenant, idxs)
        return sorted(system.name for system in found)


def on(system: str, sensor: str, instance: str | None = None) -> dict[str, Any]:
    """A line: triggered."""
    return {"system": system, "sensor": sensor, "instance": instance, "triggered": True}


def off(system: str, sensor: str, instance: str | None = None) -> dict[str, Any]:
    """A line: not triggered any more."""
    return on(system, sensor, instance) | {"triggered": False}


@asynccontextmanager
async def open_world(db: Database, clock: ManualClock, name: str = "Acme") -> AsyncIterator[World]:
    """A tenant of its own in ``db`` and an evaluator that has loaded it (it does not run by itself)."""
    ports = make_ports(db, clock)
    tenant = (await create_tenant(ports, name, "test")).id
    evaluator = Evaluator(db, clock, ports.limits)
    await evaluator.load()
    app = make_app(ports, evaluator)
    _, secret = await issue_key(ports, tenant, KeyKind.INTEGRATION, "test", "test")
    async with browse(app, secret) as client:
        yield World(ports, clock, evaluator, app, tenant, client)


@asynccontextmanager
async def browse(app: FastAPI, key: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A machine's client that speaks to the app in process."""
    transport = httpx2.ASGITransport(app=app)
    headers = {"X-API-TOKEN": key}
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client
