"""The Token URL, in the path shape of the real product and under a short name, and the tenant's own settings as JSON."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from opulse.ports import Ports
from opulse.tenancy import find_tenant
from opulse.tenancy.flow import service_accounts, tenants
from opulse.tenancy.flow.addresses import cloud_url, token_url
from opulse.tenancy.flow.service_accounts import TokenRefusal
from opulse.web.access import Caller, Open, api_admin, api_viewer, ports_of
from opulse.web.errors import Problem

router = APIRouter(tags=["tenancy"])
TOKEN_DOOR = Open("a credential is what the caller sends here")
REFUSAL_SECONDS = (
    0.5  # a wrong password waits, the account is never locked: a lock would be a switch for anybody
)

PortsDep = Annotated[Ports, Depends(ports_of)]


@router.post("/oauth/token", operation_id="issue_token", dependencies=[Depends(TOKEN_DOOR)])
async def post_token(
    ports: PortsDep,
    grant_type: Annotated[str, Form()] = "password",
    client_id: Annotated[str, Form()] = "",
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    client_secret: Annotated[str, Form()] = "",
) -> JSONResponse:
    """Resource-owner password grant (the guide's) or client credentials; ``expires_in`` is text, as B2C sends it."""
    answer = await service_accounts.issue_token(
        ports, grant_type, client_id, username, password or client_secret
    )
    if isinstance(answer, TokenRefusal):
        await asyncio.sleep(REFUSAL_SECONDS)
        text = "The user name or password provided in the request are invalid."
        return JSONResponse({"error": answer.value, "error_description": text}, 400)
    body = {"access_token": answer.token, "token_type": "Bearer", "expires_in": str(answer.seconds)}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.post(
    "/{cloud}/{policy}/oauth2/v2.0/token",
    operation_id="issue_token_b2c_path",
    dependencies=[Depends(TOKEN_DOOR)],
)
async def post_token_b2c(
    cloud: str,
    policy: str,
    ports: PortsDep,
    grant_type: Annotated[str, Form()] = "password",
    client_id: Annotated[str, Form()] = "",
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> JSONResponse:
    """The real product's path. The policy name is compared without regard to case (systrack.md 5.2)."""
    if policy.lower() != "b2c_1_ropc_auth":
        raise Problem(404, "unknown policy", "The path names the policy B2C_1_ROPC_AUTH.")
    return await post_token(ports, grant_type, client_id, username, password)


class TenantView(BaseModel):
    """Tenant Information, as JSON."""

    tenant_id: str
    client_id: str
    name: str
    token_url: str
    cloud_url: str
    mail_open: bool
    mail_paused: bool
    allow_list: list[str]
    cap_per_activation: int
    confirm_above: int


class TenantChange(BaseModel):
    """The switches to change; what is left out stays."""

    name: str | None = None
    mail_open: bool | None = None
    mail_paused: bool | None = None
    allow_list: list[str] | None = None
    cap_per_activation: int | None = None
    confirm_above: int | None = None
    hold_after_restore: bool | None = None


@router.get("/api/v1/tenant", operation_id="get_tenant")
async def get_tenant(
    request: Request, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> TenantView:
    tenant = await ports.db.read(find_tenant, caller.tenant)
    return _view(ports, tenant)


@router.patch("/api/v1/tenant", operation_id="change_tenant")
async def patch_tenant(
    change: TenantChange, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> TenantView:
    changes: dict[str, Any] = change.model_dump(exclude_none=True)
    try:
        return _view(ports, await tenants.change_tenant(ports, caller.tenant, caller.name, **changes))
    except ValueError as error:
        raise Problem(422, "not a valid setting", str(error)) from error


def _view(ports: Ports, tenant: Any) -> TenantView:
    return TenantView(
        tenant_id=tenant.guid,
        client_id=tenant.client_id,
        name=tenant.name,
        token_url=token_url(ports),
        cloud_url=cloud_url(ports),
        mail_open=tenant.mail_open,
        mail_paused=tenant.mail_paused,
        allow_list=list(tenant.allow_list),
        cap_per_activation=tenant.cap_per_activation,
        confirm_above=tenant.confirm_above,
    )
