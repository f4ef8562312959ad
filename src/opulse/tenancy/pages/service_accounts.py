"""Manage Service Accounts: made, revealed after signing in again, revoked (systrack.md 5.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.ports import Ports
from opulse.tenancy import views
from opulse.tenancy.flow.people import is_freshly_proved
from opulse.tenancy.flow.service_accounts import (
    create_account,
    end_overlap,
    reveal_password,
    revoke_account,
    rotate_password,
)
from opulse.tenancy.flow.sessions import prove
from opulse.tenancy.models import SIGNED_IN_AGAIN, ServiceAccount, SignInRefusal
from opulse.tenancy.pages.shared import Admin, PortsDep, Text
from opulse.web.components.flashes import see_other
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/admin/service-accounts")
OVERLAPS = (
    ("0", "At once: the old password is known to somebody"),
    ("1", "In an hour"),
    ("24", "In a day"),
    ("168", "In a week"),
    ("720", "In 30 days, the longest"),
)
WRONG = {
    SignInRefusal.WRONG: "This is not your password.",
    SignInRefusal.TOO_MANY: "Too many failed tries. Wait 15 minutes.",
}


@dataclass(frozen=True, slots=True)
class ServiceAccountsPage:
    """Every service account at this moment; ``errors``: what was wrong with the form for a new one."""

    accounts: tuple[ServiceAccount, ...]
    now: datetime
    name: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RevealPage:
    """Before the password is shown: asks for the administrator's own, unless it was given a moment ago."""

    account: ServiceAccount
    ask: bool
    minutes: int
    errors: dict[str, str]


@dataclass(frozen=True, slots=True)
class RotatePage:
    """Before a new password is made. ``overlaps``: hours and words."""

    account: ServiceAccount
    now: datetime
    errors: dict[str, str] = field(default_factory=dict)
    overlaps: tuple[tuple[str, str], ...] = OVERLAPS


@dataclass(frozen=True, slots=True)
class CredentialsPage:
    """User name and password of an account, as the Operational Pulse task asks for them."""

    account: ServiceAccount
    password: str
    client_id: str
    is_new: bool
    is_rotated: bool


@router.get("")
async def show_service_accounts(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Every service account."""
    return await _list(request, ports, caller)


@router.post("")
async def save_service_account(request: Request, ports: PortsDep, caller: Admin, name: Text = "") -> Response:
    """Make an account with a generated user name and password."""
    if not name.strip():
        return await _list(request, ports, caller, {"name": "Give the account a name."})
    account, password = await create_account(ports, caller.tenant, name, caller.name)
    return await _credentials(request, ports, account, password, is_new=True)


@router.get("/{account}/password")
async def show_reveal(account: str, request: Request, ports: PortsDep, caller: Admin) -> Response:
    """What revealing means, and the form for the own password where it is asked."""
    found = await _find(ports, caller, account)
    return await _reveal(request, ports, found, {})


@router.post("/{account}/password")
async def save_reveal(
    account: str, request: Request, ports: PortsDep, caller: Admin, password: Text = ""
) -> Response:
    """Show the account's password; audited."""
    found = await _find(ports, caller, account)
    if not await _is_fresh(request, ports) or password:
        refused = await prove(ports, caller, password)
        if refused is not None:
            return await _reveal(request, ports, found, {"password": WRONG[refused]})
    shown = await reveal_password(ports, caller.tenant, account, caller.name)
    return await _credentials(request, ports, found, shown, is_new=False)


@router.get("/{account}/rotate")
async def show_rotate(account: str, request: Request, ports: PortsDep, caller: Admin) -> Response:
    """What rotating means, and for how long the old password shall open."""
    found = await _find(ports, caller, account)
    return await page(request, "tenancy/rotate.html", RotatePage(found, ports.clock.now()))


@router.post("/{account}/rotate")
async def save_rotate(
    account: str, request: Request, ports: PortsDep, caller: Admin, hours: Text = "24"
) -> Response:
    """Make a new password, and show it."""
    found = await _find(ports, caller, account)
    if hours not in dict(OVERLAPS):
        errors = {"hours": "Choose one of the times."}
        context = RotatePage(found, ports.clock.now(), errors)
        return await page(request, "tenancy/rotate.html", context, 422)
    overlap = timedelta(hours=int(hours))
    done = await rotate_password(ports, caller.tenant, account, caller.name, overlap)
    if done is None:
        raise NotFound("service account")
    return await _credentials(request, ports, *done, is_new=False, is_rotated=True)


@router.post("/{account}/end-overlap")
async def save_end_overlap(account: str, ports: PortsDep, caller: Admin) -> Response:
    """The old password ends now."""
    if not await end_overlap(ports, caller.tenant, account, caller.name):
        raise NotFound("service account")
    return see_other("/admin/service-accounts", "The old password opens nothing any more.")


@router.post("/{account}/revoke")
async def save_revoke(account: str, ports: PortsDep, caller: Admin) -> Response:
    """Close the account and every token it was given."""
    if not await revoke_account(ports, caller.tenant, account, caller.name):
        raise NotFound("service account")
    return see_other("/admin/service-accounts", "The account and its tokens open nothing any more.")


async def _list(
    request: Request, ports: Ports, caller: Admin, errors: dict[str, str] | None = None
) -> Response:
    found = await ports.db.read(views.list_accounts, caller.tenant)
    context = ServiceAccountsPage(tuple(found), ports.clock.now(), errors=errors or {})
    return await page(request, "tenancy/service_accounts.html", context, 422 if errors else 200)


async def _reveal(
    request: Request, ports: Ports, account: ServiceAccount, errors: dict[str, str]
) -> Response:
    ask = bool(errors) or not await _is_fresh(request, ports)
    context = RevealPage(account, ask, int(SIGNED_IN_AGAIN.total_seconds() // 60), errors)
    return await page(request, "tenancy/reveal.html", context, 422 if errors else 200)


async def _credentials(
    request: Request,
    ports: Ports,
    account: ServiceAccount,
    password: str,
    *,
    is_new: bool,
    is_rotated: bool = False,
) -> Response:
    tenant = await ports.db.read(views.find_tenant, account.tenant)
    context = CredentialsPage(account, password, tenant.client_id, is_new, is_rotated)
    return await page(request, "tenancy/credentials.html", context, 201 if is_new else 200)


async def _find(ports: Ports, caller: Admin, account: str) -> ServiceAccount:
    found = await ports.db.read(views.list_accounts, caller.tenant)
    for one in found:
        if one.id == account and not one.revoked:
            return one
    raise NotFound("service account")


async def _is_fresh(request: Request, ports: Ports) -> bool:
    return await is_freshly_proved(ports, request.cookies.get(SESSION_COOKIE, ""))
