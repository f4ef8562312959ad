"""The demo's set-up in the test's own process, made by the demo's own procedures over the public API, and healthy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from opulse.bootstrap.app import make_app
from opulse.bootstrap.stages import import_stores
from opulse.cli.demo.calling import ApiClient
from opulse.cli.demo.models import MadeObjects
from opulse.cli.demo.procedures import Procedures
from opulse.cli.demo.registering import make_directory, make_groups, open_mail, register_systems
from opulse.cli.demo.scenarios import scenarios
from opulse.emulators.estate import make_estate
from opulse.mail.models import Relay, Security
from opulse.monitoring.sensors.flow.catalogue import seed_tenant_in
from opulse.ports import Ports
from opulse.pulses.doctor import Kind, Report, diagnose
from opulse.pulses.doctor.models import Button
from tests.servers.installation import browse, make_tenant

import_stores()


class InProcess(ApiClient):
    """The demo's client over an app that was not started."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.address = "the app"
        self._client = client

    async def delete(self, path: str) -> Any:
        return await self._call("DELETE", path, None, {})


@dataclass
class World:
    """``flow``: number of the scenario → its objects are in ``made.scenarios``."""

    ports: Ports
    tenant: int
    api: InProcess
    made: MadeObjects
    directory: str

    async def report(self) -> Report:
        return await diagnose(self.ports, self.tenant)

    async def kinds(self) -> set[Kind]:
        return {finding.kind for finding in (await self.report()).findings}

    async def button(self, kind: Kind) -> Button:
        found = next(one for one in (await self.report()).findings if one.kind is kind)
        assert found.button is not None
        return found.button

    async def asker(self, number: int = 0) -> dict[str, Any]:
        """The survey workflow's document as the API gives it."""
        found = await self.api.get(f"/api/v1/workflows/{self.made.scenarios[number].workflow}")
        return dict(found["document"])

    async def receiver(self) -> dict[str, Any]:
        found = await self.api.get(f"/api/v1/workflows/{self.made.pulse_workflow}")
        return dict(found["document"])

    async def save_asker(self, document: dict[str, Any], number: int = 0) -> None:
        await self.api.put(f"/api/v1/workflows/{self.made.scenarios[number].workflow}", document)

    async def save_receiver(self, document: dict[str, Any]) -> None:
        await self.api.put(f"/api/v1/workflows/{self.made.pulse_workflow}", document)

    async def change_notification(self, **changes: Any) -> None:
        """As on the Edit page: what is not changed is sent as it is."""
        path = f"/api/v1/notifications/{self.made.scenarios[0].notification}"
        await self.api.put(path, {**await self.api.get(path), **changes})


def with_relay(ports: Ports, port: int) -> Ports:
    """A real relay on this machine."""
    relay = Relay("127.0.0.1", port, Security.OFF)
    return replace(ports, relay=lambda: relay)


@asynccontextmanager
async def open_world(ports: Ports, systems: int = 60) -> AsyncIterator[World]:
    tenant, key = await make_tenant(ports)
    await ports.db.write(seed_tenant_in, tenant, ports.clock.now())
    estate = make_estate(1, systems)
    async with browse(make_app(ports), key) as client:
        api = InProcess(client)
        groups = await make_groups(api, estate, await register_systems(api, estate))
        directory, mailing_list = await make_directory(api, estate)
        await open_mail(api, systems)
        made = await Procedures(api, groups).carry_out(directory, mailing_list, scenarios(3), ("", ""))
        yield World(ports, tenant, api, made, directory)
