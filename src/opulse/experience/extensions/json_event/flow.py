"""Take a JSON event: find the workflow by its address, check who sends, and start a run once per ``eventId``."""

from __future__ import annotations

import base64
import binascii
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from opulse.db import why_unstorable
from opulse.experience.extensions.json_event.models import EventAuth, EventEnd, EventRefusal
from opulse.experience.workflows import Event, Workflow, start_run_in, views
from opulse.experience.workflows.flow.runs import carry
from opulse.experience.workflows.flow.traces import trace_event_in
from opulse.experience.workflows.rules.fields import pick_value
from opulse.observe import traces
from opulse.ports import Ports
from opulse.wire.signature import SIGNATURE_HEADER, verify_lakeside
from opulse.wire.webhook import TEST_HEADER

MINUTE = timedelta(minutes=1)
EVENT_ID_LENGTH = 200
Proves = Callable[[str], Awaitable[int | None]]
"""An integration key → the tenant it belongs to; None when it is no valid one."""


class EventRefused(Exception):
    """The event was not taken; ``reason`` says why, ``retry_after`` (seconds) when it is worth another try."""

    def __init__(self, reason: EventRefusal, detail: str, retry_after: int = 0) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


@dataclass(frozen=True)
class EventTaken:
    """What became of the event. ``run`` is empty where none was started; ``fields`` are what the workflow gets."""

    end: EventEnd
    run: str
    fields: Mapping[str, Any]


class Rate:
    """Events of the last minute, per tenant and process."""

    def __init__(self) -> None:
        self._times: dict[int, deque[datetime]] = {}

    def admits(self, tenant: int, limit: int, now: datetime) -> bool:
        times = self._times.setdefault(tenant, deque())
        while times and now - times[0] >= MINUTE:
            times.popleft()
        if len(times) >= limit:
            return False
        times.append(now)
        return True


async def accept_event(
    ports: Ports, rate: Rate, proves: Proves, url_token: str, headers: Mapping[str, str], body: bytes
) -> EventTaken:
    """Take one event. ``headers`` in lower case. The run goes on with the trace that ``traceparent`` names.

    Raises:
        EventRefused: with its reason; nothing was started.
    """
    workflow = await ports.db.look_up(views.find_by_url_token, url_token) if _is_guid(url_token) else None
    if workflow is None or workflow.document.trigger.type != "json_event":
        raise EventRefused(EventRefusal.UNKNOWN_URL, "No workflow has this address.")
    now = ports.clock.now()
    if not rate.admits(workflow.tenant, ports.limits.events_per_minute, now):
        raise EventRefused(EventRefusal.TOO_MANY, "More events a minute than this tenant may send.", 60)
    await _check_proof(ports, proves, workflow, headers, body)
    envelope = _read(body)
    fields = {
        str(field["name"]): pick_value(envelope, str(field["path"]))
        for field in workflow.document.trigger.form.get("fields", [])
    }
    if headers.get(TEST_HEADER.lower()) == "1":
        return EventTaken(EventEnd.TESTED, "", fields)
    parent = traces.checked(headers.get(traces.HEADER, ""))
    taken = await ports.db.write(_start_in, ports, workflow, envelope, fields, parent, now)
    if taken is None:
        raise EventRefused(EventRefusal.WORKFLOW_OFF, "The workflow is switched off.")
    return taken


def _start_in(
    conn: Connection,
    ports: Ports,
    workflow: Workflow,
    envelope: Mapping[str, Any],
    fields: Mapping[str, Any],
    parent: str,
    now: datetime,
) -> EventTaken | None:
    """The run and its job; None when the workflow is off, which is kept as a run that was not started."""
    key = str(envelope.get("eventId") or uuid4())
    event = Event(key, {"envelope": dict(envelope), "fields": dict(fields)} | carry(parent))
    if not workflow.enabled:
        # a key of its own: the same event, sent again once the workflow is on, must still find its way
        off = Event(f"{key}/off/{uuid4()}", event.body)
        start_run_in(conn, workflow, off, now, not_started="the workflow is switched off")
        return None
    if views.count_runs_since(conn, workflow.tenant, now - timedelta(days=1)) >= ports.limits.runs_per_day:
        raise EventRefused(EventRefusal.TOO_MANY, "More runs a day than this tenant may start.", 3600)
    if not trace_event_in(conn, workflow, event, now):
        return EventTaken(EventEnd.CONDITIONS_FALSE, "", fields)
    run, is_new = start_run_in(conn, workflow, event, now)
    return EventTaken(EventEnd.QUEUED if is_new else EventEnd.DUPLICATE, run.id, fields)


async def _check_proof(
    ports: Ports, proves: Proves, workflow: Workflow, headers: Mapping[str, str], body: bytes
) -> None:
    form = workflow.document.trigger.form
    auth = EventAuth(form.get("authentication", EventAuth.OPEN.value))
    if auth is EventAuth.OPEN:
        return
    if auth is EventAuth.HMAC:
        secret = ports.secrets.open(str(form["sealed_secret"]))
        proved = verify_lakeside(secret, body, headers.get(SIGNATURE_HEADER.lower(), ""))
    else:
        token = headers.get("x-api-token", "") if auth is EventAuth.TOKEN else _basic_password(headers)
        proved = bool(token) and await proves(token) == workflow.tenant
    if not proved:
        raise EventRefused(
            EventRefusal.NOT_PROVED, f"This event needs authentication of the kind {auth.value!r}."
        )


def _basic_password(headers: Mapping[str, str]) -> str:
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _read(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventRefused(EventRefusal.NOT_JSON, f"The body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise EventRefused(EventRefusal.NOT_JSON, "The body is JSON, but not an object.")
    if why := why_unstorable(document):
        raise EventRefused(EventRefusal.NOT_JSON, f"The body is JSON, but {why}.")
    key = document.get("eventId")
    if isinstance(key, dict | list | bool) or len(str(key)) > EVENT_ID_LENGTH:
        raise EventRefused(
            EventRefusal.NOT_JSON, f"eventId is a text of at most {EVENT_ID_LENGTH} characters."
        )
    return document


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
