"""Keys of machines: made with a name, a scope and an end, shown once, revoked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from opulse.tenancy import views
from opulse.tenancy.flow.keys import issue_key, regenerate_key, revoke_key
from opulse.tenancy.models import KEY_LIFE_MAX, Key, KeyKind
from opulse.tenancy.pages.shared import Admin, PortsDep, Text
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/admin/api-keys")
KINDS = (
    (KeyKind.INTEGRATION.value, "Integration", "The JSON API of this tenant; header X-API-TOKEN."),
    (KeyKind.GATEWAY.value, "Gateway", "Sensor states of the systems in the groups that the scope names."),
    (KeyKind.AGENT.value, "Agent", "One system's own sensor states; the scope is that system's id."),
    (KeyKind.SYSTEMS.value, "Affected systems", "Only the affected-systems API of activations."),
)
LIVES = ("7", "30", "90", "180")


@dataclass(frozen=True, slots=True)
class KeysPage:
    """Every key, newest first, and the present moment to tell which are over."""

    keys: tuple[Key, ...]
    now: datetime

    def state_of(self, key: Key) -> str:
        """Revoked, expired or active."""
        return "revoked" if key.revoked else "expired" if key.expires_at <= self.now else "active"


@dataclass(frozen=True, slots=True)
class NewKeyPage:
    """The form for a key; ``errors``: field → sentence."""

    kind: str = KeyKind.INTEGRATION.value
    name: str = ""
    scope: str = ""
    days: str = "90"
    errors: dict[str, str] = field(default_factory=dict)
    kinds: tuple[tuple[str, str, str], ...] = KINDS
    lives: tuple[str, ...] = LIVES


@dataclass(frozen=True, slots=True)
class KeyMadePage:
    """A key and its secret, shown this once."""

    key: Key
    secret: str
    back: str


@router.get("")
async def show_keys(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Every key: what it opens, until when, when it was last used."""
    found = await ports.db.read(views.list_keys, caller.tenant)
    return await page(request, "tenancy/keys.html", KeysPage(tuple(found), ports.clock.now()))


@router.get("/new")
async def show_new_key(
    request: Request, caller: Admin, kind: KeyKind = KeyKind.INTEGRATION, scope: str = ""
) -> Response:
    """The form for a key."""
    return await page(request, "tenancy/new_key.html", NewKeyPage(kind.value, scope=scope))


@router.post("/new")
async def save_new_key(
    request: Request,
    ports: PortsDep,
    caller: Admin,
    kind: Annotated[KeyKind, Form()],
    name: Text = "",
    scope: Text = "",
    days: Text = "90",
    back: Text = "",
) -> Response:
    """Make a key and show its secret once. ``back``: the page that offered the form."""
    form = NewKeyPage(kind.value, name, scope, days, _problems(kind, name, scope, days))
    if form.errors:
        return await page(request, "tenancy/new_key.html", form, 422)
    key, secret = await issue_key(
        ports,
        caller.tenant,
        kind,
        name,
        caller.name,
        scope_of(scope),
        timedelta(days=int(days)),
    )
    return await page(request, "tenancy/key_made.html", KeyMadePage(key, secret, _back(back)), 201)


@router.post("/{key}/regenerate")
async def save_regenerate_key(key: str, request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Make a key like this one and show its secret once; this one ends in a day."""
    done = await regenerate_key(ports, caller.tenant, key, caller.name)
    if done is None:
        raise NotFound("key")
    return await page(request, "tenancy/key_made.html", KeyMadePage(*done, _back("")), 201)


@router.post("/{key}/revoke")
async def save_revoke_key(key: str, ports: PortsDep, caller: Admin, back: Text = "") -> Response:
    """End a key at once."""
    if not await revoke_key(ports, caller.tenant, key, caller.name):
        raise NotFound("key")
    return see_other(_back(back), "The key opens nothing any more.")


def _back(name: str) -> str:
    return "/qualtrics-ids" if name == "qualtrics-ids" else "/admin/api-keys"


def scope_of(text: str) -> list[str]:
    """The ids in a scope field: one per line, or separated by commas or blanks."""
    return [part.lower() for part in text.replace(",", " ").split()]


def _problems(kind: KeyKind, name: str, scope: str, days: str) -> dict[str, str]:
    errors = {}
    if not name.strip():
        errors["name"] = "Give the key a name, so that somebody knows later what it was for."
    if kind is KeyKind.AGENT and len(scope_of(scope)) != 1:
        errors["scope"] = "An agent key speaks for exactly one system: type its id."
    if kind is KeyKind.GATEWAY and not scope_of(scope):
        errors["scope"] = "A gateway key names the groups whose systems it speaks for."
    if not days.isdigit() or not 1 <= int(days) <= KEY_LIFE_MAX.days:
        errors["days"] = f"A key lives 1 to {KEY_LIFE_MAX.days} days."
    return errors
