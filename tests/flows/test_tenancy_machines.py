"""Credentials of machines: keys by kind and expiry, service accounts, their tokens, and what the audit trail says of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow.keys import issue_key
from opulse.tenancy.flow.service_accounts import (
    AccessToken,
    TokenRefusal,
    create_account,
    issue_token,
    reveal_password,
    revoke_account,
)
from opulse.tenancy.flow.tenants import create_tenant
from opulse.tenancy.gate import TenancyGate
from opulse.tenancy.models import TOKEN_LIFE, KeyKind, Tenant
from opulse.tenancy.store.keys import accounts, keys, tokens
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


TOKEN_PATHS = [
    "/oauth/token",
    "/systrackcegl.onmicrosoft.com/B2C_1_ROPC_AUTH/oauth2/v2.0/token",
    "/anything/b2c_1_ropc_auth/oauth2/v2.0/token",
]


async def _form(ports: Ports, tenant: Tenant, **changes: str) -> dict[str, str]:
    account, password = await create_account(ports, tenant.id, "Qualtrics", "test")
    form = {
        "grant_type": "password",
        "response_type": "token",
        "client_id": tenant.client_id,
        "username": account.username,
        "password": password,
        "scope": f"openid {tenant.client_id} offline_access",
    }
    return form | changes


@pytest.mark.parametrize("path", TOKEN_PATHS)
async def test_check_9_the_form_gets_a_token_with_the_policy_in_either_case(
    ports: Ports, tenant: Tenant, client: httpx2.AsyncClient, clock: ManualClock, path: str
) -> None:
    answer = await client.post(path, data=await _form(ports, tenant))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", "3600"), "text, as B2C sends it"
    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    assert await opens(client, **bearer) == {
        "api": 403,
        "page": 403,
        "ingest": 403,
        "agent": 403,
        "systems": 200,
    }
    clock.advance(TOKEN_LIFE.total_seconds())
    assert (await opens(client, **bearer))["systems"] == 401


async def test_another_policy_is_unknown(ports: Ports, tenant: Tenant, client: httpx2.AsyncClient) -> None:
    answer = await client.post("/x/B2C_1_SIGN_IN/oauth2/v2.0/token", data=await _form(ports, tenant))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": "wrong"}, "access_denied"),
        ({"password": ""}, "access_denied"),
        ({"username": "svc-nobody"}, "access_denied"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
    ],
)
async def test_who_gets_no_token(
    ports: Ports, tenant: Tenant, client: httpx2.AsyncClient, changes: dict[str, str], error: str
) -> None:
    form = await _form(ports, tenant, **changes)
    answer = await client.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert "access_token" not in answer.json()


async def test_client_credentials_do_too(ports: Ports, tenant: Tenant, client: httpx2.AsyncClient) -> None:
    form = await _form(ports, tenant, grant_type="client_credentials")
    form["client_secret"] = form.pop("password")
    assert (await client.post("/oauth/token", data=form)).status_code == 200


async def test_an_account_belongs_to_the_tenant_of_its_client_id(ports: Ports, tenant: Tenant) -> None:
    other = await create_tenant(ports, "Other", "test")
    account, password = await create_account(ports, tenant.id, "Qualtrics", "test")
    ends = [
        await issue_token(ports, "password", client, account.username, password)
        for client in (other.client_id, tenant.client_id.upper())
    ]
    assert ends[0] is TokenRefusal.ACCESS_DENIED
    assert isinstance(ends[1], AccessToken), "a client id is a GUID, in any case"


async def test_a_closed_account_gets_no_token_and_its_tokens_end(ports: Ports, tenant: Tenant) -> None:
    account, password = await create_account(ports, tenant.id, "Qualtrics", "test")
    given = await issue_token(ports, "password", tenant.client_id, account.username, password)
    assert isinstance(given, AccessToken)
    gate = TenancyGate(ports)
    assert await gate.find_by_secret(given.token) is not None
    assert not await revoke_account(ports, tenant.id + 1, account.id, "test")
    assert await gate.find_by_secret(given.token) is not None
    assert await revoke_account(ports, tenant.id, account.id, "test")
    assert await gate.find_by_secret(given.token) is None
    refused = await issue_token(ports, "password", tenant.client_id, account.username, password)
    assert refused is TokenRefusal.ACCESS_DENIED


async def test_a_token_that_was_made_while_its_account_was_closed_opens_nothing(
    ports: Ports, tenant: Tenant
) -> None:
    account, password = await create_account(ports, tenant.id, "Qualtrics", "test")
    given = await issue_token(ports, "password", tenant.client_id, account.username, password)
    assert isinstance(given, AccessToken)
    rows = await ports.db.read(lambda conn: [dict(row._mapping) for row in conn.execute(select(tokens))])
    await revoke_account(ports, tenant.id, account.id, "test")
    await ports.db.write(lambda conn: conn.execute(tokens.insert().values(rows)) and None)
    assert await TenancyGate(ports).find_by_secret(given.token) is None


async def test_a_password_is_revealed_to_whoever_may_and_it_is_noted(ports: Ports, tenant: Tenant) -> None:
    account, password = await create_account(ports, tenant.id, "Qualtrics", "test")
    assert await reveal_password(ports, tenant.id, account.id, "maya@example.org") == password
    newest = (await ports.db.read(views.list_audit, tenant.id))[0]
    assert (newest["actor"], newest["action"], newest["what"]) == (
        "maya@example.org",
        "service_account.revealed",
        account.username,
    )
    with pytest.raises(LookupError):
        await reveal_password(ports, tenant.id + 1, account.id, "maya@example.org")


async def test_no_secret_of_a_machine_can_be_read_from_the_tables(ports: Ports, tenant: Tenant) -> None:
    _, secret = await issue_key(ports, tenant.id, KeyKind.INTEGRATION, "test", "test")
    account, password = await create_account(ports, tenant.id, "Qualtrics", "test")
    given = await issue_token(ports, "password", tenant.client_id, account.username, password)
    assert isinstance(given, AccessToken)

    def everything(conn: Any) -> str:
        rows = [
            str(row._mapping) for table in (keys, accounts, tokens) for row in conn.execute(select(table))
        ]
        return "\n".join(rows)

    stored = await ports.db.read(everything) + json.dumps(
        await ports.db.read(views.list_audit, tenant.id), default=str
    )
    for one in (secret, password, given.token):
        assert one not in stored
