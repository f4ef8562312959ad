"""Credentials of machines: keys by kind and expiry, service accounts, their tokens, and what the audit trail says of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import select

import opulse.tenancy.api as tenancy_api
from opulse.clock import ManualClock
from opulse.ports import Ports
from opulse.tenancy import audit_in, views
from opulse.tenancy.flow.keys import issue_key, revoke_key
from opulse.tenancy.flow.service_accounts import (
    AccessToken,
    TokenRefusal,
    create_account,
    issue_token,
    reveal_password,
    revoke_account,
)
from opulse.tenancy.flow.tenants import change_tenant, create_tenant
from opulse.tenancy.gate import TenancyGate
from opulse.tenancy.models import KEY_LIFE_MAX, TOKEN_LIFE, KeyKind, Tenant
from opulse.tenancy.store.keys import accounts, keys, tokens
from opulse.web.access import (
    Caller,
    Role,
    agent_only,
    api_editor,
    ingest,
    needs_viewer,
    systems_reader,
)
from opulse.web.errors import install_errors
from tests.servers.installation import browse, make_tenant

pytestmark = pytest.mark.stores

SYSTEM = "11111111-1111-1111-1111-111111111111"
DOORS = {
    "api": api_editor,
    "page": needs_viewer,
    "ingest": ingest,
    "agent": agent_only,
    "systems": systems_reader,
}


@pytest.fixture
async def tenant(ports: Ports) -> Tenant:
    return await create_tenant(ports, "Acme", "test")


@pytest.fixture
async def client(ports: Ports) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    install_errors(app)
    router = APIRouter()
    for name, guard in DOORS.items():
        router.add_api_route(f"/door/{name}", _open, dependencies=[Depends(guard)])
    app.include_router(router)
    app.include_router(tenancy_api.router)
    app.state.ports = ports
    app.state.gate = TenancyGate(ports)
    async with browse(app) as opened:
        opened.headers["accept"] = "application/json"
        yield opened


def _open() -> str:
    return "open"


async def opens(client: httpx2.AsyncClient, **headers: str) -> dict[str, int]:
    return {name: (await client.get(f"/door/{name}", headers=headers)).status_code for name in DOORS}


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
async def test_a_service_account_gets_a_token_under_either_spelling_of_the_policy(
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
        account.id,
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


async def test_the_audit_trail_hides_what_sounds_like_a_secret_however_deep(
    ports: Ports, tenant: Tenant, clock: ManualClock
) -> None:
    before = {
        "name": "old",
        "apiToken": "s3cret-1",
        "nested": {"list": [{"Password": "s3cret-2", "port": 25}]},
    }
    after = {"name": "new", "secret": {"inner": "s3cret-3"}, "when": clock.now(), "parts": ("a", "b")}
    await ports.db.write(audit_in, tenant.id, "maya", "thing.changed", "thing", before, after, clock.now())
    newest = (await ports.db.read(views.list_audit, tenant.id))[0]
    assert "s3cret" not in json.dumps(newest, default=str)
    assert newest["before"]["nested"] == {"list": [{"Password": "(hidden)", "port": 25}]}
    assert (newest["before"]["name"], newest["after"]["name"], newest["after"]["parts"]) == (
        "old",
        "new",
        ["a", "b"],
    )


async def test_the_audit_trail_is_the_tenants_own_and_pages(ports: Ports, clock: ManualClock) -> None:
    one, _ = await make_tenant(ports, "One")
    other, _ = await make_tenant(ports, "Other")
    for number in range(5):
        await ports.db.write(audit_in, one, "maya", "step", str(number), None, None, clock.now())
    newest = await ports.db.read(views.list_audit, one, 2)
    assert [row["what"] for row in newest] == ["4", "3"]
    older = await ports.db.read(views.list_audit, one, 2, newest[-1]["id"])
    assert [row["what"] for row in older] == ["2", "1"]
    assert "step" not in {row["action"] for row in await ports.db.read(views.list_audit, other)}


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("maya@example.org", True),
        ("lee@pilot.example.org", True),
        ("lee@example.org", False),
        ("maya@example.org.evil.test", False),
        ("x@notpilot.example.org", False),
    ],
)
async def test_a_new_tenant_mails_its_allow_list_only(
    ports: Ports, tenant: Tenant, address: str, reached: bool
) -> None:
    assert not tenant.lets_mail_reach(address), "nobody at first"
    wanted = [" Maya@Example.org ", "@PILOT.example.org", "", "maya@example.org"]
    changed = await change_tenant(ports, tenant.id, "test", allow_list=wanted)
    assert changed.allow_list == ("maya@example.org", "@pilot.example.org")
    assert changed.lets_mail_reach(address) is reached
    opened = await change_tenant(ports, tenant.id, "test", mail_open=True)
    assert opened.lets_mail_reach(address)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"allow_list": ["not an address"]}, "neither an address nor @domain"),
        ({"allow_list": ["maya@"]}, "neither an address nor @domain"),
        ({"cap_per_activation": -1}, "0 or more"),
        ({"id": 7}, "not a switch"),
        ({"client_id": "x"}, "not a switch"),
    ],
)
async def test_switches_that_are_not_taken(
    ports: Ports, tenant: Tenant, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        await change_tenant(ports, tenant.id, "test", **changes)


async def test_a_change_of_the_switches_is_audited_with_before_and_after(
    ports: Ports, tenant: Tenant
) -> None:
    await change_tenant(ports, tenant.id, "maya", mail_open=True, cap_per_activation=5)
    newest = (await ports.db.read(views.list_audit, tenant.id))[0]
    assert (newest["actor"], newest["action"]) == ("maya", "tenant.changed")
    assert newest["before"] == {"mail_open": False, "cap_per_activation": 10_000}
    assert newest["after"] == {"mail_open": True, "cap_per_activation": 5}
