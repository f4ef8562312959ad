"""Passwords of service accounts and keys are replaced while the old ones still open, for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow.keys import issue_key, regenerate_key, revoke_key
from opulse.tenancy.flow.service_accounts import (
    AccessToken,
    TokenRefusal,
    create_account,
    end_overlap,
    issue_token,
    reveal_password,
    revoke_account,
    rotate_password,
)
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.gate import TenancyGate
from opulse.tenancy.models import KeyKind, Tenant

pytestmark = pytest.mark.stores
HOUR = 3600


@pytest.fixture
async def tenant(ports: Ports) -> Tenant:
    return await create_tenant(ports, "Acme", "test")


async def opens(ports: Ports, tenant: Tenant, username: str, password: str) -> bool:
    answer = await issue_token(ports, "password", tenant.client_id, username, password)
    assert isinstance(answer, AccessToken) or answer is TokenRefusal.ACCESS_DENIED
    return isinstance(answer, AccessToken)


async def test_both_passwords_open_until_the_overlap_is_over(
    ports: Ports, tenant: Tenant, clock: ManualClock
) -> None:
    account, first = await create_account(ports, tenant.id, "Qualtrics", "test")
    rotated = await rotate_password(ports, tenant.id, account.id, "test", timedelta(hours=2))
    assert rotated is not None
    after, second = rotated
    assert second != first
    assert await reveal_password(ports, tenant.id, account.id, "test") == second
    assert after.overlaps(clock.now())
    for password in (first, second):
        assert await opens(ports, tenant, account.username, password)
    assert not await opens(ports, tenant, account.username, "")
    clock.advance(2 * HOUR)
    assert not await opens(ports, tenant, account.username, first)
    assert await opens(ports, tenant, account.username, second)


async def test_the_old_password_can_be_ended_at_once(ports: Ports, tenant: Tenant) -> None:
    account, first = await create_account(ports, tenant.id, "Qualtrics", "test")
    _, second = await rotate_password(ports, tenant.id, account.id, "test") or (None, "")
    assert await end_overlap(ports, tenant.id, account.id, "test")
    assert not await opens(ports, tenant, account.username, first)
    assert await opens(ports, tenant, account.username, second)
    _, third = await rotate_password(ports, tenant.id, account.id, "test", timedelta(0)) or (None, "")
    assert not await opens(ports, tenant, account.username, second)
    assert await opens(ports, tenant, account.username, third)
    said = [(row["before"], row["after"]) for row in await ports.db.read(views.list_audit, tenant.id, 3)]
    assert all(before and after for before, after in said)
    assert not any(word in str(said) for word in (first, second, third))


async def test_a_second_rotation_ends_the_first_overlap(ports: Ports, tenant: Tenant) -> None:
    account, first = await create_account(ports, tenant.id, "Qualtrics", "test")
    _, second = await rotate_password(ports, tenant.id, account.id, "test") or (None, "")
    _, third = await rotate_password(ports, tenant.id, account.id, "test") or (None, "")
    found = [await opens(ports, tenant, account.username, one) for one in (first, second, third)]
    assert found == [False, True, True]
    await revoke_account(ports, tenant.id, account.id, "test")
    assert not await opens(ports, tenant, account.username, second)
    assert await rotate_password(ports, tenant.id, account.id, "test") is None


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=31)])
async def test_an_overlap_has_bounds(ports: Ports, tenant: Tenant, overlap: timedelta) -> None:
    account, _ = await create_account(ports, tenant.id, "Qualtrics", "test")
    with pytest.raises(ValueError, match="30 days"):
        await rotate_password(ports, tenant.id, account.id, "test", overlap)
    assert await rotate_password(ports, tenant.id + 1, account.id, "test") is None


async def test_a_regenerated_key_opens_the_same_and_the_old_one_ends(
    ports: Ports, tenant: Tenant, clock: ManualClock
) -> None:
    scope = ["11111111-1111-1111-1111-111111111111"]
    old, first = await issue_key(
        ports, tenant.id, KeyKind.GATEWAY, "gateway", "test", scope, timedelta(days=30)
    )
    gate = TenancyGate(ports)
    assert await gate.find_by_secret(first)  # so that the gate remembers it
    made = await regenerate_key(ports, tenant.id, old.id, "test", timedelta(hours=1))
    assert made is not None
    new, second = made
    assert (new.kind, new.name, new.scope) == (old.kind, old.name, old.scope)
    assert new.expires_at == clock.now() + timedelta(days=30)
    for secret in (first, second):
        caller = await gate.find_by_secret(secret)
        assert caller is not None
        assert caller.scope == tuple(scope)
    clock.advance(HOUR)
    assert await gate.find_by_secret(first) is None
    assert await gate.find_by_secret(second) is not None
    listed = {key.id: key for key in await ports.db.read(views.list_keys, tenant.id)}
    assert set(listed) == {old.id, new.id}


async def test_a_revoked_or_unknown_key_is_not_regenerated(ports: Ports, tenant: Tenant) -> None:
    key, _ = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "nightly", "test")
    assert await regenerate_key(ports, tenant.id + 1, key.id, "test") is None
    await revoke_key(ports, tenant.id, key.id, "test")
    assert await regenerate_key(ports, tenant.id, key.id, "test") is None
