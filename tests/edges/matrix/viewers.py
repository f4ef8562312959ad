"""Somebody of Acme with the least rights, who is signed in and then not any more."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

from opulse.tenancy.flow.people import add_person, change_person
from opulse.tenancy.flow.sessions import end_sessions as end
from opulse.web.roles import Role
from tests.edges.matrix.objects import fresh_name
from tests.edges.matrix.world import PASSWORD, World, open_client, sign_in


@dataclass(frozen=True)
class Viewer:
    person: str
    client: httpx2.AsyncClient


async def add_viewer(world: World) -> Viewer:
    email = f"{fresh_name('viewer').replace(' ', '.')}@zebra.example"
    person = await add_person(
        world.ports, world.acme.tenant.id, email, "Viewer", Role.VIEWER, PASSWORD, "test"
    )
    client = await open_client(world.stack, world.url)
    await sign_in(client, email)
    return Viewer(person.id, client)


async def end_sessions(world: World, viewer: Viewer) -> None:
    await end(world.ports, world.acme.tenant.id, viewer.person, "test")


async def disable(world: World, viewer: Viewer) -> None:
    await change_person(world.ports, world.acme.tenant.id, viewer.person, Role.VIEWER, True, "test")
