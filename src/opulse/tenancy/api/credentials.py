"""``/api/v1/service-accounts`` and ``/api/v1/keys``: made, rotated, revoked. A secret is in one answer only."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow import keys, service_accounts
from opulse.tenancy.models import KEY_LIFE_MAX, KeyKind, ServiceAccount
from opulse.web.access import Caller, api_admin, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(tags=["tenancy"])
PortsDep = Annotated[Ports, Depends(ports_of)]


class ServiceAccountMade(BaseModel):
    """A new service account; the password is shown here and, after signing in again, on its page."""

    id: str
    username: str
    password: str


class ServiceAccountView(BaseModel):
    """An account as it is listed. ``old_password_until``: two passwords open until then."""

    id: str
    username: str
    name: str
    created_at: AwareDatetime
    last_used: AwareDatetime | None
    revoked: bool
    old_password_until: AwareDatetime | None


class Named(BaseModel):
    name: str


@router.post("/api/v1/service-accounts", operation_id="create_service_account", status_code=201)
async def post_service_account(
    body: Named, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> ServiceAccountMade:
    try:
        account, password = await service_accounts.create_account(
            ports, caller.tenant, body.name, caller.name
        )
    except ValueError as error:
        raise Problem(422, "not a valid service account", str(error)) from error
    return ServiceAccountMade(id=account.id, username=account.username, password=password)


class Overlap(BaseModel):
    """For how many hours the old secret opens beside the new one."""

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24


@router.get("/api/v1/service-accounts", operation_id="list_service_accounts")
async def get_service_accounts(
    ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> list[ServiceAccountView]:
    """All accounts, revoked ones too; without passwords."""
    return [_account_view(one) for one in await ports.db.read(views.list_accounts, caller.tenant)]


@router.post("/api/v1/service-accounts/{account}/rotate", operation_id="rotate_service_account")
async def post_rotate_account(
    account: str, body: Overlap, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> ServiceAccountMade:
    """A new password, shown here; the old one opens too until the overlap is over."""
    overlap = timedelta(hours=body.overlap_hours)
    done = await service_accounts.rotate_password(ports, caller.tenant, account, caller.name, overlap)
    if done is None:
        raise NotFound("service account")
    return ServiceAccountMade(id=done[0].id, username=done[0].username, password=done[1])


@router.delete("/api/v1/service-accounts/{account}", operation_id="revoke_service_account", status_code=204)
async def delete_service_account(
    account: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> None:
    """Close the account and every token it was given."""
    if not await service_accounts.revoke_account(ports, caller.tenant, account, caller.name):
        raise NotFound("service account")


class KeyWanted(BaseModel):
    """A key to be made. ``scope``: the one system of an agent key, the groups of a gateway key."""

    kind: KeyKind
    name: str
    scope: list[str] = []
    days: Annotated[int, Field(ge=1, le=KEY_LIFE_MAX.days, description="Not of agent keys.")] = (
        KEY_LIFE_MAX.days
    )


class KeyMade(BaseModel):
    """A key; its secret is shown here and never again."""

    id: str
    secret: str
    expires_at: AwareDatetime


class KeyView(BaseModel):
    """A key as it is listed. ``begins``: the first characters of its secret."""

    id: str
    kind: KeyKind
    name: str
    begins: str
    scope: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    last_used: AwareDatetime | None
    revoked: bool


@router.post("/api/v1/keys", operation_id="issue_key", status_code=201)
async def post_key(
    body: KeyWanted, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> KeyMade:
    try:
        key, secret = await keys.issue_key(
            ports,
            caller.tenant,
            body.kind,
            body.name,
            caller.name,
            body.scope,
            timedelta(days=body.days),
        )
    except ValueError as error:
        raise Problem(422, "not a valid key", str(error)) from error
    return KeyMade(id=key.id, secret=secret, expires_at=key.expires_at)


@router.get("/api/v1/keys", operation_id="list_keys")
async def get_keys(ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]) -> list[KeyView]:
    """All keys, newest first, revoked and expired ones too."""
    return [
        KeyView(
            id=key.id,
            kind=key.kind,
            name=key.name,
            begins=key.hint,
            scope=list(key.scope),
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used=key.last_used,
            revoked=key.revoked,
        )
        for key in await ports.db.read(views.list_keys, caller.tenant)
    ]


@router.post("/api/v1/keys/{key}/regenerate", operation_id="regenerate_key", status_code=201)
async def post_regenerate_key(
    key: str, body: Overlap, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]
) -> KeyMade:
    """A new key of the same name, kind and scope; the old one ends when the overlap is over."""
    overlap = timedelta(hours=body.overlap_hours)
    done = await keys.regenerate_key(ports, caller.tenant, key, caller.name, overlap)
    if done is None:
        raise NotFound("key")
    return KeyMade(id=done[0].id, secret=done[1], expires_at=done[0].expires_at)


@router.delete("/api/v1/keys/{key}", operation_id="revoke_key", status_code=204)
async def delete_key(key: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_admin)]) -> None:
    """The key opens nothing any more."""
    if not await keys.revoke_key(ports, caller.tenant, key, caller.name):
        raise NotFound("key")


def _account_view(account: ServiceAccount) -> ServiceAccountView:
    return ServiceAccountView(
        id=account.id,
        username=account.username,
        name=account.name,
        created_at=account.created_at,
        last_used=account.last_used,
        revoked=account.revoked,
        old_password_until=account.old_until,
    )
