"""Activations in the console: the list, ending one by hand, and who was affected. Its details are a page of *deliveries*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.activations import views
from opulse.monitoring.activations.flow.affected import PageAsked, list_affected
from opulse.monitoring.activations.flow.ending import dismiss_activation, resolve_activation
from opulse.monitoring.activations.models import Activation, WhichSystems
from opulse.monitoring.notifications.rules import describe_threshold
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.wire.affected import ActivationState, AffectedPage

router = APIRouter(prefix="/activations", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
SHOWN = 100
SYSTEMS_SHOWN = 50


@dataclass(frozen=True)
class ActivationLine:
    """One line of the list."""

    activation: Activation
    threshold: str


@dataclass(frozen=True)
class ActivationListPage:
    """The newest ones; ``state`` and ``notification`` are the filters in force, empty for none."""

    lines: tuple[ActivationLine, ...]
    state: str
    notification: str
    states: tuple[tuple[str, str], ...]
    more: bool


@dataclass(frozen=True)
class SystemsPage:
    """Who was affected, 50 at a time; ``next`` is the address of the following ones, empty at the end."""

    activation: Activation
    which: WhichSystems
    systems: AffectedPage
    first: int
    next: str


@router.get("")
async def show_activations(
    request: Request,
    ports: PortsDep,
    caller: Viewer,
    state: ActivationState | None = None,
    notification: str = "",
) -> Response:
    """Newest first."""

    def query(conn: Connection) -> list[Activation]:
        return views.list_activations(
            conn, caller.tenant, state=state, notification=notification or None, limit=SHOWN + 1
        )

    found = await ports.db.read(query)
    context = ActivationListPage(
        lines=tuple(
            ActivationLine(each, describe_threshold(each.snapshot.threshold)) for each in found[:SHOWN]
        ),
        state=state.value if state else "",
        notification=notification,
        states=tuple((label, _address(word, notification)) for label, word in _STATES),
        more=len(found) > SHOWN,
    )
    return await page(request, "activations/list.html", context)


@router.get("/{activation_id}/systems")
async def show_systems(
    request: Request,
    activation_id: str,
    ports: PortsDep,
    caller: Viewer,
    which: WhichSystems = WhichSystems.CURRENTLY_AFFECTED,
    skip: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Systems at activation, or now. Who uses them is not shown: that is for the affected-systems API."""
    activation = await ports.db.read(views.get_activation, caller.tenant, activation_id)
    found = await list_affected(ports, caller.tenant, activation_id, which, PageAsked(SYSTEMS_SHOWN, skip))
    if activation is None or found is None:
        raise NotFound("activation")
    following = {"which": which.value, "skip": skip + SYSTEMS_SHOWN}
    address = f"/activations/{activation_id}/systems?{urlencode(following)}" if found.next_link else ""
    context = SystemsPage(activation, which, found, skip + 1, address)
    return await page(request, "activations/systems.html", context)


@router.post("/{activation_id}/dismiss")
async def save_dismissed(activation_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Dismiss it by hand."""
    if await dismiss_activation(ports, caller.tenant, caller.name, activation_id) is None:
        raise NotFound("activation")
    text = "Dismissed. It fires again once the condition was gone, or after the re-arm time."
    return see_other(f"/activations/{activation_id}", text, "purple")


@router.post("/{activation_id}/resolve")
async def save_resolved(activation_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Say that it is over."""
    if await resolve_activation(ports, caller.tenant, caller.name, activation_id) is None:
        raise NotFound("activation")
    return see_other(f"/activations/{activation_id}", "Resolved.")


_STATES = (
    ("All", ""),
    ("Active", ActivationState.ACTIVE.value),
    ("Dismissed", ActivationState.DISMISSED.value),
    ("Resolved", ActivationState.RESOLVED.value),
)


def _address(state: str, notification: str) -> str:
    asked = {"state": state, "notification": notification}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/activations?{query}" if query else "/activations"
