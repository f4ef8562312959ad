"""Tenant Information, and the switches that keep a tenant's people safe from mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from opulse.ports import Ports
from opulse.tenancy import Tenant, views
from opulse.tenancy.api import cloud_url, token_url
from opulse.tenancy.flow.tenants import change_tenant, clean_allow_list
from opulse.tenancy.pages.shared import Admin, PortsDep, Text
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(prefix="/admin/tenant")
ADDRESS = "/admin/tenant"
SWITCHES: dict[str, tuple[dict[str, Any], str]] = {
    "pause": ({"mail_paused": True}, "All mail is paused. Nothing leaves until somebody resumes it."),
    "resume": ({"mail_paused": False}, "Mail leaves again. What became too late meanwhile is not sent."),
    "close": ({"mail_open": False}, "Only addresses on the allow list are mailed now."),
    "release": ({"hold_after_restore": False}, "Sending is released."),
}


@dataclass(frozen=True, slots=True)
class TenantPage:
    """The tenant, what others type about it, and the typed values of the limits; ``errors``: field → sentence."""

    tenant: Tenant
    token_url: str
    cloud_url: str
    mail_from: str
    relay: str
    typed: dict[str, str]
    errors: dict[str, str]


@dataclass(frozen=True, slots=True)
class OpenMailPage:
    """What opening mail to everybody means."""

    tenant: Tenant
    relay: str


@router.get("")
async def show_tenant(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Tenant Information and the mail switches."""
    tenant = await ports.db.read(views.find_tenant, caller.tenant)
    return await _show(request, ports, tenant, _typed(tenant), {})


@router.post("")
async def save_tenant(
    request: Request,
    ports: PortsDep,
    caller: Admin,
    name: Text = "",
    allow_list: Text = "",
    cap_per_activation: Text = "",
    confirm_above: Text = "",
) -> Response:
    """Change the name, the allow list and the limits."""
    typed = {
        "name": name,
        "allow_list": allow_list,
        "cap_per_activation": cap_per_activation,
        "confirm_above": confirm_above,
    }
    errors = _problems(typed)
    if errors:
        tenant = await ports.db.read(views.find_tenant, caller.tenant)
        return await _show(request, ports, tenant, typed, errors)
    await change_tenant(
        ports,
        caller.tenant,
        caller.name,
        name=name.strip()[:100],
        allow_list=allow_list.replace(",", "\n").splitlines(),
        cap_per_activation=int(cap_per_activation),
        confirm_above=int(confirm_above),
    )
    return see_other(ADDRESS, "Saved.")


@router.get("/open-mail")
async def show_open_mail(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """What it means, before it is done."""
    tenant = await ports.db.read(views.find_tenant, caller.tenant)
    return await page(request, "tenancy/open_mail.html", OpenMailPage(tenant, _relay(ports)))


@router.post("/open-mail")
async def save_open_mail(ports: PortsDep, caller: Admin, understood: Annotated[str, Form()] = "") -> Response:
    """Mail everybody from now on."""
    if not understood:
        return see_other(f"{ADDRESS}/open-mail", "Tick the box first: it is the point of this page.", "red")
    await change_tenant(ports, caller.tenant, caller.name, mail_open=True)
    return see_other(ADDRESS, "Mail is open to everybody in the directories.")


@router.post("/mail/{switch}")
async def save_switch(switch: str, ports: PortsDep, caller: Admin) -> Response:
    """Pause or resume all mail, close it to the allow list, release it after a restore."""
    if switch not in SWITCHES:
        return see_other(ADDRESS, "There is no such switch.", "red")
    changes, words = SWITCHES[switch]
    await change_tenant(ports, caller.tenant, caller.name, **changes)
    return see_other(ADDRESS, words, "purple" if switch == "pause" else "green")


async def _show(
    request: Request, ports: Ports, tenant: Tenant, typed: dict[str, str], errors: dict[str, str]
) -> Response:
    context = TenantPage(
        tenant, token_url(ports), cloud_url(ports), ports.mail_from, _relay(ports), typed, errors
    )
    return await page(request, "tenancy/tenant.html", context, 422 if errors else 200)


def _typed(tenant: Tenant) -> dict[str, str]:
    return {
        "name": tenant.name,
        "allow_list": "\n".join(tenant.allow_list),
        "cap_per_activation": str(tenant.cap_per_activation),
        "confirm_above": str(tenant.confirm_above),
    }


def _problems(typed: dict[str, str]) -> dict[str, str]:
    errors = {}
    if not typed["name"].strip():
        errors["name"] = "The tenant needs a name."
    try:
        clean_allow_list(typed["allow_list"].replace(",", "\n").splitlines())
    except ValueError as error:
        errors["allow_list"] = f"{error}."
    for name in ("cap_per_activation", "confirm_above"):
        if not typed[name].strip().isdigit() or int(typed[name]) > 10_000_000:
            errors[name] = "Type a number of people, 0 or more."
    return errors


def _relay(ports: Ports) -> str:
    relay = ports.relay()
    return f"{relay.host}:{relay.port}" if relay else ""
