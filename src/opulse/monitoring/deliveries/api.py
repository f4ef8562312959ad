"""Who was told, attempt by attempt: of one activation, and the log of all; and sending again what was sent or given up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from opulse.monitoring.deliveries.flow.again import send_again, send_failed_again
from opulse.monitoring.deliveries.flow.reading import (
    DeliveryWithAttempts,
    LoggedWithAttempts,
    list_deliveries,
    read_log,
)
from opulse.monitoring.deliveries.models import (
    Attempt,
    AttemptOutcome,
    DeliveryReason,
    DeliveryState,
    LogFilter,
    NotSentAgain,
)
from opulse.monitoring.deliveries.rules import NOT_SENT_AGAIN, read_cursor, write_cursor
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

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


class LoggedView(BaseModel):
    """A delivery of the log."""

    delivery_id: str
    activation_id: str
    notification_id: str
    notification_name: str
    recipient_id: str
    recipient_name: str
    event_type: str
    state: DeliveryState
    reason: DeliveryReason
    detail: str
    body_sha256: str
    created_at: AwareDatetime
    next_attempt_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    attempts: list[AttemptView]


class DeliveryLog(BaseModel):
    """Newest first. ``next``: what to give as ``before`` for older ones; null at the end."""

    deliveries: list[LoggedView]
    next: str | None


class LogQuery(BaseModel):
    """What of the log is wanted."""

    recipient_id: str = ""
    notification_id: str = ""
    state: DeliveryState | None = None
    since: AwareDatetime | None = Field(None, description="Deliveries made at this time or later.")
    until: AwareDatetime | None = Field(None, description="Deliveries made before this time.")
    before: str = Field("", description="The next of the page before.")


class FailedSentAgainView(BaseModel):
    """How many are sent again. ``left``: there are more; ask again."""

    deliveries: int
    left: bool


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


@router.get("/deliveries", operation_id="list_delivery_log")
async def get_log(query: Annotated[LogQuery, Query()], ports: PortsDep, caller: Viewer) -> DeliveryLog:
    """Deliveries of all activations with every attempt, 50 a page."""
    try:
        before = read_cursor(query.before)
    except ValueError as error:
        raise Problem(
            422, "the page does not exist", "Give the next of the page before, as it was."
        ) from error
    wanted = LogFilter(query.recipient_id, query.notification_id, query.state, query.since, query.until)
    lines, more = await ports.db.read(read_log, caller.tenant, wanted, before)
    return DeliveryLog(
        deliveries=[_logged(line) for line in lines], next=write_cursor(more) if more else None
    )


@router.post("/deliveries/{delivery_id}/send-again", operation_id="send_delivery_again")
async def post_send_again(delivery_id: str, ports: PortsDep, caller: Editor) -> SentAgain:
    """Another round of attempts with the same bytes, for one that is delivered or dead; one that waits is answered as it is."""
    try:
        found = await send_again(ports, caller.tenant, caller.name, delivery_id)
    except NotSentAgain as refused:
        raise _refused(refused) from refused
    if found is None:
        raise NotFound("delivery")
    return SentAgain(delivery_id=found.id, state=found.state)


@router.post("/recipients/{recipient_id}/send-again", operation_id="send_failed_deliveries_again")
async def post_failed_again(recipient_id: str, ports: PortsDep, caller: Editor) -> FailedSentAgainView:
    """All dead deliveries of a recipient once more, oldest first, each with its own bytes; at most 500 a request."""
    try:
        done = await send_failed_again(ports, caller.tenant, caller.name, recipient_id)
    except NotSentAgain as refused:
        raise _refused(refused) from refused
    if done is None:
        raise NotFound("recipient")
    return FailedSentAgainView(deliveries=done.count, left=done.left)


def _refused(refused: NotSentAgain) -> Problem:
    return Problem(409, "it is not sent again", NOT_SENT_AGAIN[refused.reason], reason=refused.reason.value)


def _logged(line: LoggedWithAttempts) -> LoggedView:
    delivery = line.delivery
    return LoggedView(
        delivery_id=delivery.id,
        activation_id=delivery.activation,
        notification_id=delivery.notification,
        notification_name=delivery.notification_name,
        recipient_id=delivery.recipient,
        recipient_name=delivery.recipient_name,
        event_type=delivery.event_type,
        state=delivery.state,
        reason=delivery.reason,
        detail=delivery.detail,
        body_sha256=delivery.body_sha256,
        created_at=delivery.created_at,
        next_attempt_at=delivery.next_attempt_at,
        finished_at=delivery.finished_at,
        attempts=_attempts(line.attempts),
    )


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
        attempts=_attempts(found.attempts),
    )


def _attempts(made: Iterable[Attempt]) -> list[AttemptView]:
    return [
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
        for attempt in made
    ]
