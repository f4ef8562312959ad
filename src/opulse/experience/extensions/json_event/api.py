"""The JSON event's address, in the real product's path shape; answers come in the API's envelope."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.applications import Starlette
from starlette.types import ASGIApp

from opulse.experience.extensions.json_event.flow.accepting import (
    Admission,
    EventRefused,
    EventTaken,
    accept_event,
)
from opulse.experience.extensions.json_event.models import EventEnd, EventRefusal
from opulse.observe.metrics import DECISIONS
from opulse.observe.traces import HEADER, span
from opulse.ports import Ports
from opulse.web.access import Gate, Open, Role, ports_of
from opulse.web.express import Express
from opulse.wire.envelope import error_envelope, result_envelope

router = APIRouter(tags=["workflows"])
PATH = "/inbound-event/v1/events/json/triggers"
DOOR = Open("each JSON event checks its sender as its workflow says")

_STATUS = {
    EventRefusal.UNKNOWN_URL: 404,
    EventRefusal.TOO_LARGE: 413,
    EventRefusal.NOT_JSON: 400,
    EventRefusal.NOT_PROVED: 401,
    EventRefusal.WORKFLOW_OFF: 409,
    EventRefusal.TOO_MANY: 429,
}


def admission_of(request: Request) -> Admission:
    """What the process remembers of its events, made with the app."""
    if not hasattr(request.app.state, "events_admitted"):
        request.app.state.events_admitted = Admission()
    admission: Admission = request.app.state.events_admitted
    return admission


@router.api_route(
    PATH,
    methods=["POST", "PUT"],
    operation_id="receive_json_event",
    dependencies=[Depends(DOOR)],
)
async def post_event(
    request: Request,
    ports: Annotated[Ports, Depends(ports_of)],
    urlTokenId: str = "",  # noqa: N803
) -> JSONResponse:
    """Start the workflow that has this address. 202: queued; 200: taken before, or the conditions were false."""
    return await take_event(request, ports, urlTokenId)


def make_express(app: Starlette, rest: ASGIApp) -> Express[None]:
    """The same route for POST, before everything else that ``app`` does."""

    async def take(request: Request, caller: None) -> JSONResponse:
        ports = await ports_of(request)
        return await take_event(request, ports, request.query_params.get("urlTokenId", ""))

    return Express(app, rest, PATH, DOOR, take)


async def take_event(request: Request, ports: Ports, url_token: str) -> JSONResponse:
    """What the route does."""
    gate: Gate = request.app.state.gate

    async def proves(secret: str) -> int | None:
        caller = await gate.find_by_secret(secret)
        return caller.tenant if caller is not None and caller.role is Role.INTEGRATION else None

    request_id = str(uuid4())
    try:
        body = await _bounded(request, ports.limits.event_bytes)
        headers = {name.lower(): value for name, value in request.headers.items()}
        with span("event.accept", parent=headers.get(HEADER, "")) as recorded:
            headers[HEADER] = recorded.traceparent or headers.get(HEADER, "")
            taken = await accept_event(ports, admission_of(request), proves, url_token, headers, body)
            recorded.note(run=taken.run, end=taken.end.value)
    except EventRefused as refused:
        DECISIONS.labels("json_event", refused.reason.value).inc()
        return _refusal(refused, request_id)
    DECISIONS.labels("json_event", taken.end.value).inc()
    return _taken(taken, request_id)


def _taken(taken: EventTaken, request_id: str) -> JSONResponse:
    result: dict[str, Any] = {"runId": taken.run, "status": taken.end.value}
    if taken.end is EventEnd.TESTED:
        result = {"test": True, "fields": dict(taken.fields)}
    elif taken.run:
        result = {
            "runId": taken.run,
            "status": EventEnd.QUEUED.value,
            "duplicate": taken.end is EventEnd.DUPLICATE,
        }
    status = 202 if taken.end is EventEnd.QUEUED else 200
    return JSONResponse(result_envelope(result, request_id, status), status)


def _refusal(refused: EventRefused, request_id: str) -> JSONResponse:
    status = _STATUS[refused.reason]
    headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
    body = error_envelope(status, refused.detail, request_id, refused.reason.value)
    return JSONResponse(body, status, headers=headers)


async def _bounded(request: Request, limit: int) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise EventRefused(EventRefusal.TOO_LARGE, f"An event has at most {limit} bytes.")
    return body
