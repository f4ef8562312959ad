"""Extensions: what each does, accept it and the domains it may call, and its accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.workflows import Extension, find_extension, list_extensions, views
from opulse.experience.workflows.flow.accounts import add_account, install_extension
from opulse.experience.workflows.pages.forms import FieldView, Objects, draw
from opulse.experience.workflows.pages.shared import (
    Admin,
    Editor,
    PortsDep,
    Text,
    Viewer,
    may_edit,
    posted,
    texts,
)
from opulse.experience.workflows.registry import FormField
from opulse.ports import Ports
from opulse.web.access import Role
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/extensions")
NOTHING = Objects((), (), ())
ACCOUNT_NAME = "account_name"


@dataclass(frozen=True, slots=True)
class ListedExtension:
    """An extension, whether it may be used, and how many accounts it has."""

    extension: Extension
    installed: bool
    accounts: int


@dataclass(frozen=True, slots=True)
class ExtensionsPage:
    """Every extension of this installation."""

    extensions: tuple[ListedExtension, ...]


@dataclass(frozen=True, slots=True)
class ExtensionPage:
    """One extension. ``domains``: what it may call, or asks for while it is not installed."""

    extension: Extension
    installed: bool
    domains: tuple[str, ...]
    accounts: tuple[dict[str, Any], ...]
    account_fields: tuple[FieldView, ...]
    account_name: str
    may_install: bool
    may_add: bool
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
async def show_extensions(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """What workflows can begin with and do."""
    installed = await ports.db.read(views.list_installs, caller.tenant)
    accounts = await ports.db.read(views.list_accounts, caller.tenant)
    listed = tuple(
        ListedExtension(
            one,
            one.built_in or one.name in installed,
            sum(account["extension"] == one.name for account in accounts),
        )
        for one in list_extensions()
    )
    return await page(request, "workflows/extensions.html", ExtensionsPage(listed))


@router.get("/{name}")
async def show_extension(name: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """One extension: what it does, what it may call, its accounts."""
    return await _show(request, ports, caller, _find(name))


@router.post("/{name}/install")
async def save_install(
    name: str, request: Request, ports: PortsDep, caller: Admin, accept: Text = "", domains: Text = ""
) -> Response:
    """Accept the extension and the domains it may call."""
    found = _find(name)
    listed = list(dict.fromkeys(domains.lower().replace(",", " ").split()))
    errors = {}
    if not accept:
        errors["accept"] = "Accept what the extension does before it is installed."
    if any("/" in one or ":" in one for one in listed):
        errors["domains"] = "Type host names such as cloud.example.org, without https:// and paths."
    if found.domains and not listed:
        errors["domains"] = (
            "Without a domain it can do nothing; * means every host that an administrator types."
        )
    if errors:
        return await _show(request, ports, caller, found, errors=errors)
    await install_extension(ports, caller.tenant, name, listed, caller.name)
    return see_other(f"/extensions/{name}", f"{found.title} is installed.")


@router.post("/{name}/accounts")
async def save_account(name: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Add an account; its secrets are sealed and never shown again."""
    found = _find(name)
    typed = {key: value.strip() for key, value in texts(await posted(request)).items()}
    errors = {
        one.name: f"{one.label} is missing."
        for one in account_fields(found)
        if one.is_missing(typed.get(one.name), typed)
    }
    name_given = typed.get(ACCOUNT_NAME, "")
    if not name_given:
        errors[ACCOUNT_NAME] = "Give the account a name."
    if errors:
        return await _show(request, ports, caller, found, typed, errors)
    await add_account(ports, caller.tenant, name, name_given, typed, caller.name)
    return see_other(f"/extensions/{name}", f"The account {name_given} is added.")


def account_fields(extension: Extension) -> list[FormField]:
    """What an account of the extension's tasks holds, each field once."""
    return list({one.name: one for task in extension.tasks for one in task.account_fields}.values())


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    extension: Extension,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    installs = await ports.db.read(views.list_installs, caller.tenant)
    accounts = await ports.db.read(views.list_accounts, caller.tenant, extension.name)
    shown, typed = errors or {}, typed or {}
    context = ExtensionPage(
        extension,
        extension.built_in or extension.name in installs,
        tuple(installs.get(extension.name, extension.domains)),
        tuple(accounts),
        draw(account_fields(extension), typed, NOTHING, shown),
        typed.get(ACCOUNT_NAME, ""),
        caller.may(Role.ADMIN) and not extension.built_in,
        may_edit(caller),
        shown,
    )
    return await page(request, "workflows/extension.html", context, 422 if shown else 200)


def _find(name: str) -> Extension:
    found = find_extension(name)
    if found is None:
        raise NotFound("extension")
    return found
