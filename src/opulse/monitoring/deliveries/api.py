"""``/api/v1/activations/{id}/deliveries``: who was told, attempt by attempt; and sending one again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel

from opulse.monitoring.deliveries.flow.reading import DeliveryWithAttempts, list_deliveries, send_again
from opulse.monitoring.deliveries.models import AttemptOutcome, DeliveryReason, DeliveryState
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound

router = APIRouter(prefix="/api/v1", tags=["deliveries"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class AttemptView(BaseModel):
    """``status`` is the HTTP status or the relay's code; null: no answer came."""

    number: int
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    outcome: AttemptOutcome
    status: int | None
    error: str
    seconds: float
    response: str


class DeliveryView(BaseModel):
    """``body_sha256`` is the digest of the bytes that every attempt sends."""

    delivery_id: str
    recipient_id: str
    recipient_name: str
    event_type: str
    wave: int
    state: DeliveryState
    reason: DeliveryReason
    detail: str
    body_sha256: str
    created_at: AwareDatetime
    next_attempt_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    attempts: list[AttemptView]


class DeliveryList(BaseModel):
    deliveries: list[DeliveryView]


class SentAgain(BaseModel):
    """Where the delivery stands now."""

    delivery_id: str
    state: DeliveryState


@router.get("/activations/{activation_id}/deliveries", operation_id="list_deliveries")
async def get_deliveries(activation_id: str, ports: PortsDep, caller: Viewer) -> DeliveryList:
    found = await ports.db.read(list_deliveries, caller.tenant, activation_id)
    if found is None:
        raise NotFound("activation")
    return DeliveryList(deliveries=[_view(each) for each in found])


@router.post("/deliveries/{delivery_id}/send-again", operation_id="send_delivery_again")
async def post_send_again(delivery_id: str, ports: PortsDep, caller: Editor) -> SentAgain:
    """Another round of attempts with the same bytes, for a dead delivery; any other is answered as it is."""
    found = await send_again(ports, caller.tenant, caller.name, delivery_id)
    if found is None:
        raise NotFound("delivery")
    return SentAgain(delivery_id=found.id, state=found.state)


def _view(found: DeliveryWithAttempts) -> DeliveryView:
    delivery = found.delivery
    return DeliveryView(
        delivery_id=delivery.id,
        recipient_id=delivery.recipient,
        recipient_name=delivery.recipient_name,
        event_type=delivery.event_type,
        wave=delivery.wave,
        state=delivery.state,
        reason=delivery.reason,
        detail=delivery.detail,
        body_sha256=delivery.body_sha256,
        created_at=delivery.created_at,
        next_attempt_at=delivery.next_attempt_at,
        finished_at=delivery.finished_at,
        attempts=[
            AttemptView(
                number=attempt.number,
                started_at=attempt.started_at,
                finished_at=attempt.finished_at,
                outcome=attempt.outcome,
                status=attempt.status,
                error=attempt.error,
                seconds=attempt.seconds,
                response=attempt.snippet,
            )
            for attempt in found.attempts
        ],
    )
