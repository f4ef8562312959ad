"""What ``opulse init`` would do: schema, tenant, first administrator. And a key with which the demo then uses the public API."""

from __future__ import annotations

from opulse.bootstrap.ports import close_ports, open_ports
from opulse.bootstrap.schema import migrate
from opulse.cli.demo.models import DemoState
from opulse.cli.demo.scenarios import ORGANISATION
from opulse.settings import Settings
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.people import add_person, make_password
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.models import KeyKind
from opulse.web.roles import Role

ACTOR = "opulse demo"
EMAIL = "admin@acme.example"


async def make_first_administrator(settings: Settings, seed: int, systems: int) -> DemoState:
    """Fill an empty database as far as nobody could by the API. The process must not be serving yet."""
    ports = await open_ports(settings, "http://127.0.0.1")
    try:
        await migrate(ports.db)
        tenant = await create_tenant(ports, ORGANISATION, ACTOR)
        password = make_password()
        await add_person(ports, tenant.id, EMAIL, "Demo administrator", Role.ADMIN, password, ACTOR)
        _, key = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "opulse demo", ACTOR)
        return DemoState(seed, systems, EMAIL, password, key)
    finally:
        await close_ports(ports)
