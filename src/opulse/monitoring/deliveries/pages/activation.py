"""The details of an activation: what was met, when, on whom; and who was told, attempt by attempt.

The webhook's ``notificationActivationDetailsURL`` leads here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.activations.flow.affected import systems_url
from opulse.monitoring.activations.models import Activation, WhichSystems
from opulse.monitoring.activations.views import get_activation
from opulse.monitoring.deliveries.flow.reading import DeliveryWithAttempts, list_deliveries
from opulse.monitoring.notifications.rules import describe_threshold
from opulse.monitoring.silences.flow.muting import find_mute
from opulse.monitoring.silences.models import Mute
from opulse.ports import Ports
from opulse.web.access import Caller, needs_viewer, ports_of
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]


@dataclass(frozen=True)
class ActivationPage:
    """One activation with its deliveries. ``urls`` are the two affected-systems addresses by their name in the webhook."""

    activation: Activation
    threshold: str
    deliveries: tuple[DeliveryWithAttempts, ...]
    urls: tuple[tuple[str, str], ...]
    mute: Mute | None  # what kept people from being told, and what became of it
    may_edit: bool


@router.get("/activations/{activation_id}")
async def show_activation(request: Request, activation_id: str, ports: PortsDep, caller: Viewer) -> Response:
    """Details and deliveries."""

    def query(conn: Connection) -> tuple[Activation, list[DeliveryWithAttempts], Mute | None]:
        found = get_activation(conn, caller.tenant, activation_id)
        if found is None:
            raise NotFound("activation")
        told = list_deliveries(conn, caller.tenant, activation_id) or []
        return found, told, find_mute(conn, caller.tenant, activation_id)

    activation, told, mute = await ports.db.read(query)
    base = ports.monitoring_url
    context = ActivationPage(
        activation=activation,
        threshold=describe_threshold(activation.snapshot.threshold),
        deliveries=tuple(told),
        mute=mute,
        urls=(
            ("systemsAtActivationURL", systems_url(base, activation.id, WhichSystems.AT_ACTIVATION)),
            (
                "systemsCurrentlyAffectedURL",
                systems_url(base, activation.id, WhichSystems.CURRENTLY_AFFECTED),
            ),
        ),
        may_edit=caller.may(Role.EDITOR),
    )
    return await page(request, "deliveries/activation.html", context)
