"""The JSON event's address, in the real product's path shape; answers come in the API's envelope."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.types import ASGIApp

from opulse.experience.extensions.json_event.flow.accepting import (
    Admission,
    EventRefused,
    EventTaken,
    accept_event,
    send_test_event,
)
from opulse.experience.extensions.json_event.models import EventEnd, EventRefusal
from opulse.experience.workflows import Workflow
from opulse.experience.workflows.flow.capturing import find_capture, start_capture, stop_capture
from opulse.experience.workflows.models import ShareLevel
from opulse.experience.workflows.pages.shared import find_workflow as open_workflow
from opulse.observe.metrics import DECISIONS
from opulse.observe.traces import HEADER, span
from opulse.ports import Ports
from opulse.web.access import Caller, Gate, Open, Role, api_editor, ports_of
from opulse.web.errors import NotFound, Problem
from opulse.web.express import Express
from opulse.wire.envelope import error_envelope, result_envelope

router = APIRouter(tags=["workflows"])
PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
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


class CaptureView(BaseModel):
    """``waiting``: the next event is kept and starts nothing, until ``until``. ``body``: what was kept last."""

    waiting: bool
    until: datetime | None
    received_at: datetime | None
    body: dict[str, Any] | None


class TestEventIn(BaseModel):
    """The event as its sender would post it."""

    body: dict[str, Any]


class TestEventOut(BaseModel):
    """``run`` is empty where the conditions do not hold; ``fields``: what the workflow picks from the event."""

    run: str
    status: str
    fields: dict[str, Any]


@router.post("/api/v1/workflows/{workflow}/capture", operation_id="start_event_capture")
async def post_capture(workflow: str, ports: PortsDep, caller: Editor) -> CaptureView:
    """Listen for 15 minutes: the next event is kept to look at, and starts nothing."""
    await _json_workflow(ports, caller, workflow)
    until = await start_capture(ports, caller.tenant, workflow, caller.name)
    return CaptureView(waiting=True, until=until, received_at=None, body=None)


@router.get("/api/v1/workflows/{workflow}/capture", operation_id="get_event_capture")
async def get_capture(workflow: str, ports: PortsDep, caller: Editor) -> CaptureView:
    """What was captured."""
    found = await _json_workflow(ports, caller, workflow)
    kept = await find_capture(ports, caller.tenant, workflow)
    waiting = found.capture_until is not None and found.capture_until > ports.clock.now()
    return CaptureView(
        waiting=waiting,
        until=found.capture_until if waiting else None,
        received_at=kept.received_at if kept else None,
        body=dict(kept.body) if kept and kept.body is not None else None,
    )


@router.delete("/api/v1/workflows/{workflow}/capture", operation_id="stop_event_capture", status_code=204)
async def delete_capture(workflow: str, ports: PortsDep, caller: Editor) -> None:
    """Listen no more."""
    await _json_workflow(ports, caller, workflow)
    await stop_capture(ports, caller.tenant, workflow, caller.name)


@router.post("/api/v1/workflows/{workflow}/test-event", operation_id="send_test_event")
async def post_test_event(workflow: str, body: TestEventIn, ports: PortsDep, caller: Editor) -> TestEventOut:
    """Start the workflow as if its sender had posted this event."""
    found = await _json_workflow(ports, caller, workflow)
    try:
        taken = await send_test_event(ports, found, json.dumps(body.body).encode(), caller.name)
    except EventRefused as refused:
        raise Problem(_STATUS[refused.reason], "the event is not taken", refused.detail) from refused
    return TestEventOut(run=taken.run, status=taken.end.value, fields=dict(taken.fields))


async def _json_workflow(ports: Ports, caller: Caller, workflow: str) -> Workflow:
    found = await open_workflow(ports, caller, workflow, ShareLevel.EDIT)
    if found.document.trigger.type != "json_event":
        raise NotFound("JSON event")
    return found


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
    if taken.end is EventEnd.CAPTURED:
        result = {"captured": True, "fields": dict(taken.fields)}
    elif taken.end is EventEnd.TESTED:
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
