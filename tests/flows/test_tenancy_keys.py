"""Keys of machines: what each kind opens, until when, and for whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow import known_keys
from opulse.tenancy.flow.keys import issue_key, revoke_key
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.gate import TenancyGate
from opulse.tenancy.models import KEY_LIFE_MAX, KeyKind, Tenant
from opulse.tenancy.store import keys as store
from opulse.web.access import (
    Caller,
    Role,
)
from tests.unit.tenancy.doors import knock, opens

pytestmark = pytest.mark.stores

SYSTEM = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
async def tenant(ports: Ports) -> Tenant:
    return await create_tenant(ports, "Acme", "test")


@pytest.fixture
async def client(ports: Ports) -> AsyncIterator[httpx2.AsyncClient]:
    async with knock(ports) as opened:
        yield opened


@pytest.mark.parametrize(
    ("kind", "scope", "doors"),
    [
        (KeyKind.INTEGRATION, (), {"api", "ingest", "systems"}),
        (KeyKind.GATEWAY, ("a-group",), {"ingest"}),
        (KeyKind.AGENT, (SYSTEM,), {"ingest", "agent"}),
        (KeyKind.SYSTEMS, (), {"systems"}),
    ],
)
async def test_a_key_opens_what_its_kind_says_and_nothing_else(
    ports: Ports,
    tenant: Tenant,
    client: httpx2.AsyncClient,
    kind: KeyKind,
    scope: tuple[str, ...],
    doors: set[str],
) -> None:
    _, secret = await issue_key(ports, tenant.id, kind, "test", "test", scope)
    for header in (
        {"X-API-TOKEN": secret},
        {"systrack-api-key": secret},
        {"Authorization": f"Bearer {secret}"},
    ):
        found = await opens(client, **header)
        assert {name for name, status in found.items() if status == 200} == doors
        assert {status for name, status in found.items() if name not in doors} == {403}


async def test_without_a_valid_key_every_door_says_401(
    ports: Ports, tenant: Tenant, client: httpx2.AsyncClient
) -> None:
    _, secret = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "test", "test")
    for sent in ("", "nonsense", secret[:-1], secret.upper(), "opt_" + secret):
        assert set((await opens(client, **{"X-API-TOKEN": sent})).values()) == {401}


async def test_a_key_ends_with_its_life_or_when_it_is_revoked(
    ports: Ports, tenant: Tenant, client: httpx2.AsyncClient, clock: ManualClock
) -> None:
    _, short = await issue_key(
        ports, tenant.id, KeyKind.INTEGRATION, "short", "test", life=timedelta(hours=1)
    )
    key, long = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "long", "test")
    clock.advance(3599)
    assert (await opens(client, **{"X-API-TOKEN": short}))["api"] == 200
    clock.advance(1)
    assert (await opens(client, **{"X-API-TOKEN": short}))["api"] == 401
    assert not await revoke_key(ports, tenant.id + 1, key.id, "test"), "another tenant's key is none"
    assert (await opens(client, **{"X-API-TOKEN": long}))["api"] == 200
    assert await revoke_key(ports, tenant.id, key.id, "test")
    assert (await opens(client, **{"X-API-TOKEN": long}))["api"] == 401


async def test_an_agents_key_outlives_the_others(ports: Ports, tenant: Tenant) -> None:
    """An endpoint cannot renew it."""
    agent, _ = await issue_key(ports, tenant.id, KeyKind.AGENT, "laptop", "test", (SYSTEM,))
    assert agent.expires_at - agent.created_at > timedelta(days=3000)
    other, _ = await issue_key(ports, tenant.id, KeyKind.SYSTEMS, "other", "test")
    assert other.expires_at - other.created_at == KEY_LIFE_MAX


@pytest.mark.parametrize(
    ("kind", "name", "scope", "life", "why"),
    [
        (KeyKind.INTEGRATION, " ", (), KEY_LIFE_MAX, "needs a name"),
        (KeyKind.INTEGRATION, "x", (), KEY_LIFE_MAX + timedelta(days=1), "180 days"),
        (KeyKind.INTEGRATION, "x", (), timedelta(0), "180 days"),
        (KeyKind.AGENT, "x", (), KEY_LIFE_MAX, "exactly one system"),
        (KeyKind.AGENT, "x", (SYSTEM, SYSTEM), KEY_LIFE_MAX, "exactly one system"),
    ],
)
async def test_keys_that_are_not_made(
    ports: Ports, tenant: Tenant, kind: KeyKind, name: str, scope: tuple[str, ...], life: timedelta, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        await issue_key(ports, tenant.id, kind, name, "test", scope, life)
    assert await ports.db.read(views.list_keys, tenant.id) == []


async def test_the_gate_tells_whose_key_it_is_and_notes_its_use(
    ports: Ports, tenant: Tenant, clock: ManualClock
) -> None:
    key, secret = await issue_key(ports, tenant.id, KeyKind.AGENT, "laptop", "test", (SYSTEM,))
    gate = TenancyGate(ports)
    caller = await gate.find_by_secret(secret)
    assert caller == Caller(tenant.id, Role.AGENT, "key laptop", key_id=key.id, scope=(SYSTEM,))
    first = clock.now()
    clock.advance(30)
    await gate.find_by_secret(secret)
    [listed] = await ports.db.read(views.list_keys, tenant.id)
    assert listed.last_used == first, "to the minute: not a write per request"
    clock.advance(31)
    await gate.find_by_secret(secret)
    [listed] = await ports.db.read(views.list_keys, tenant.id)
    assert listed.last_used == clock.now()


async def test_a_key_that_was_just_used_is_refused_as_soon_as_it_is_revoked(
    ports: Ports, tenant: Tenant, clock: ManualClock
) -> None:
    gate = TenancyGate(ports)
    first, one = await issue_key(ports, tenant.id, KeyKind.AGENT, "one", "test", (SYSTEM,))
    _, other = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "other", "test")
    for _ in range(3):
        assert await gate.find_by_secret(one)
        assert await gate.find_by_secret(other)
    assert await revoke_key(ports, tenant.id, first.id, "test")
    assert await gate.find_by_secret(one) is None
    assert await gate.find_by_secret(other)
    clock.advance(KEY_LIFE_MAX.total_seconds() + 1)
    assert await gate.find_by_secret(other) is None, "its time is over, whoever remembers it"


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered(
    ports: Ports, tenant: Tenant
) -> None:
    gate = TenancyGate(ports)
    key, secret = await issue_key(ports, tenant.id, KeyKind.AGENT, "one", "test", (SYSTEM,))
    await asyncio.gather(gate.find_by_secret(secret), revoke_key(ports, tenant.id, key.id, "test"))
    assert await gate.find_by_secret(secret) is None


async def test_a_key_that_another_process_revoked_is_refused_within_a_second(
    ports: Ports, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, where processes share the database; SQLite has one process, and it hears of every commit."""
    monkeypatch.setattr(known_keys, "ELSEWHERE", 0.0)  # the second is over
    gate = TenancyGate(ports)
    key, secret = await issue_key(ports, tenant.id, KeyKind.AGENT, "one", "test", (SYSTEM,))
    assert await gate.find_by_secret(secret)
    await ports.db.write(store.revoke_key, tenant.id, key.id)
    remembered = await gate.find_by_secret(secret) is not None
    assert remembered == (ports.db.dialect == "sqlite")


async def test_many_keys_at_once_are_each_told_whose_they_are(ports: Ports, tenant: Tenant) -> None:
    gate = TenancyGate(ports)
    made = [
        await issue_key(ports, tenant.id, KeyKind.AGENT, f"{number}", "test", (SYSTEM,))
        for number in range(20)
    ]
    found = await asyncio.gather(
        *(gate.find_by_secret(secret) for _, secret in made), gate.find_by_secret("opa_x")
    )
    assert [one.key_id if one else "" for one in found] == [*(key.id for key, _ in made), ""]
    await gate.find_by_secret(made[0][1])  # whoever comes next notes the use of those who came meanwhile
    assert all(key.last_used for key in await ports.db.read(views.list_keys, tenant.id))
