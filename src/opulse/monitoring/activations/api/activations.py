"""``/api/v1/activations``: what is open, what was, and the two ways to end one by hand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import Connection

from opulse.monitoring.activations import views
from opulse.monitoring.activations.flow.ending import dismiss_activation, resolve_activation
from opulse.monitoring.activations.models import Activation, Resolution
from opulse.monitoring.notifications.rules import describe_threshold
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound
from opulse.wire.affected import ActivationState

router = APIRouter(prefix="/api/v1/activations", tags=["activations"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class SensorView(BaseModel):
    """``instance`` null means All Instances."""

    name: str
    instance: str | None


class CountsView(BaseModel):
    """Affected systems. ``ever`` counts every system that was affected while the activation was open."""

    at_activation: int
    now: int
    ever: int


class ActivationView(BaseModel):
    """An activation; name, sensors, group and threshold as they were when it opened."""

    activation_id: str
    notification_id: str
    name: str
    description: str
    sensors: list[SensorView]
    group_id: str
    group_name: str
    threshold_text: str
    state: ActivationState
    resolution: Resolution
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    closed_by: str
    systems: CountsView
    reporting_at_activation: int
    version: int


class ActivationList(BaseModel):
    activations: list[ActivationView]


@router.get("", operation_id="list_activations")
async def list_activations(
    ports: PortsDep,
    caller: Viewer,
    state: ActivationState | None = None,
    notification_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ActivationList:
    """Newest first."""

    def query(conn: Connection) -> list[Activation]:
        return views.list_activations(
            conn, caller.tenant, state=state, notification=notification_id, limit=limit
        )

    return ActivationList(activations=[view_of(found) for found in await ports.db.read(query)])


@router.get("/{activation_id}", operation_id="get_activation")
async def get_activation(activation_id: str, ports: PortsDep, caller: Viewer) -> ActivationView:
    return view_of(_known(await ports.db.read(views.get_activation, caller.tenant, activation_id)))


@router.post("/{activation_id}/dismiss", operation_id="dismiss_activation")
async def post_dismiss(activation_id: str, ports: PortsDep, caller: Editor) -> ActivationView:
    """The same condition fires again only after it was below the threshold once, or after the re-arm time."""
    return view_of(_known(await dismiss_activation(ports, caller.tenant, caller.name, activation_id)))


@router.post("/{activation_id}/resolve", operation_id="resolve_activation")
async def post_resolve(activation_id: str, ports: PortsDep, caller: Editor) -> ActivationView:
    """It is over; otherwise as dismiss. One that had ended already is answered as it is."""
    return view_of(_known(await resolve_activation(ports, caller.tenant, caller.name, activation_id)))


def _known(found: Activation | None) -> Activation:
    if found is None:
        raise NotFound("activation")
    return found


def view_of(activation: Activation) -> ActivationView:
    snapshot, counts = activation.snapshot, activation.counts
    return ActivationView(
        activation_id=activation.id,
        notification_id=activation.notification,
        name=snapshot.name,
        description=snapshot.description,
        sensors=[SensorView(name=choice.name, instance=choice.instance) for choice in snapshot.sensors],
        group_id=snapshot.group_id,
        group_name=snapshot.group_name,
        threshold_text=describe_threshold(snapshot.threshold),
        state=activation.state,
        resolution=activation.resolution,
        opened_at=activation.opened_at,
        closed_at=activation.closed_at,
        closed_by=activation.closed_by,
        systems=CountsView(at_activation=counts.at_activation, now=counts.now, ever=counts.ever),
        reporting_at_activation=snapshot.reporting,
        version=activation.version,
    )
