"""Take a JSON event: find the workflow by its address, check who sends, and start a run once per ``eventId``."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from opulse.db import why_unstorable
from opulse.experience.extensions.json_event.flow.admitting import Rate, RunsOfTheDay
from opulse.experience.extensions.json_event.models import EventAuth, EventEnd, EventRefusal
from opulse.experience.workflows import Event, Workflow, start_run_in
from opulse.experience.workflows.flow.capturing import keep_event
from opulse.experience.workflows.flow.documents import find_by_address
from opulse.experience.workflows.flow.runs import carry
from opulse.experience.workflows.flow.traces import trace_event_in
from opulse.experience.workflows.rules.fields import pick_value
from opulse.observe import traces
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.signature import SIGNATURE_HEADER, verify_lakeside
from opulse.wire.webhook import TEST_HEADER

EVENT_ID_LENGTH = 200
Proves = Callable[[str], Awaitable[int | None]]
"""An integration key → the tenant it belongs to; None when it is no valid one."""
_WHY = {
    EventRefusal.WORKFLOW_OFF: ("The workflow is switched off.", 0),
    EventRefusal.TOO_MANY: ("More runs a day than this tenant may start.", 3600),
}


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


class Admission:
    """What this process remembers of the events that it took."""

    def __init__(self) -> None:
        self.rate = Rate()
        self.runs = RunsOfTheDay()


@dataclass(frozen=True)
class _Sent:
    """An event that may start a run, but for what the database says at that moment."""

    workflow: Workflow
    event: Event
    fields: Mapping[str, Any]
    runs: RunsOfTheDay
    runs_per_day: int
    at: datetime


async def accept_event(
    ports: Ports,
    admission: Admission,
    proves: Proves,
    url_token: str,
    headers: Mapping[str, str],
    body: bytes,
) -> EventTaken:
    """Take one event. ``headers`` in lower case. The run goes on with the trace that ``traceparent`` names.

    Raises:
        EventRefused: with its reason; nothing was started.
    """
    workflow = await find_by_address(ports, url_token) if _is_guid(url_token) else None
    if workflow is None or workflow.document.trigger.type != "json_event":
        raise EventRefused(EventRefusal.UNKNOWN_URL, "No workflow has this address.")
    now = ports.clock.now()
    if not admission.rate.admits(workflow.tenant, ports.limits.events_per_minute, now):
        raise EventRefused(EventRefusal.TOO_MANY, "More events a minute than this tenant may send.", 60)
    await _check_proof(ports, proves, workflow, headers, body)
    envelope = _read(body)
    fields = {
        str(field["name"]): pick_value(envelope, str(field["path"]))
        for field in workflow.document.trigger.form.get("fields", [])
    }
    if headers.get(TEST_HEADER.lower()) == "1":
        return EventTaken(EventEnd.TESTED, "", fields)
    listens = workflow.capture_until is not None and now < workflow.capture_until
    if listens and await keep_event(ports, workflow.tenant, workflow.id, envelope):
        return EventTaken(EventEnd.CAPTURED, "", fields)
    parent = traces.checked(headers.get(traces.HEADER, ""))
    key = str(envelope.get("eventId") or uuid4())
    event = Event(key, {"envelope": envelope, "fields": fields} | carry(parent))
    sent = _Sent(workflow, event, fields, admission.runs, ports.limits.runs_per_day, now)
    taken = await ports.db.write_grouped(_start_all_in, sent)
    if isinstance(taken, EventRefusal):
        detail, retry_after = _WHY[taken]
        raise EventRefused(taken, detail, retry_after)
    return taken


async def send_test_event(ports: Ports, workflow: Workflow, body: bytes, actor: str) -> EventTaken:
    """Take an event that an author typed: as if its sender had proved themselves, on or off, never a repeat.

    Raises:
        EventRefused: it is no JSON object, or too large.
    """
    if len(body) > ports.limits.event_bytes:
        raise EventRefused(EventRefusal.TOO_LARGE, f"An event has at most {ports.limits.event_bytes} bytes.")
    envelope = _read(body)
    fields = {
        str(field["name"]): pick_value(envelope, str(field["path"]))
        for field in workflow.document.trigger.form.get("fields", [])
    }
    event = Event(f"test/{uuid4()}", {"envelope": envelope, "fields": fields})
    return await ports.db.write(_start_test_in, workflow, event, actor, ports.clock.now())


def _start_test_in(
    conn: Connection, workflow: Workflow, event: Event, actor: str, now: datetime
) -> EventTaken:
    fields = event.body["fields"]
    if not trace_event_in(conn, workflow, event, now):
        return EventTaken(EventEnd.CONDITIONS_FALSE, "", fields)
    run, _ = start_run_in(conn, workflow, event, now)
    audit_in(conn, workflow.tenant, actor, "workflow.test_sent", workflow.id, None, {"run": run.id}, now)
    return EventTaken(EventEnd.QUEUED, run.id, fields)


def _start_all_in(conn: Connection, all_sent: Sequence[_Sent]) -> list[EventTaken | EventRefusal]:
    """The events of the moment. A tenant's runs are counted once for all of them."""
    used: dict[int, int] = {}
    ends = []
    for sent in all_sent:
        tenant = sent.workflow.tenant
        if tenant not in used:
            used[tenant] = sent.runs.count_in(conn, tenant, sent.runs_per_day, sent.at)
        end = _start_in(conn, sent, used[tenant])
        used[tenant] += isinstance(end, EventTaken) and end.end is EventEnd.QUEUED
        ends.append(end)
    return ends


def _start_in(conn: Connection, sent: _Sent, used: int) -> EventTaken | EventRefusal:
    """The run and its job. That the workflow is off is kept, as a run that was not started."""
    workflow, event = sent.workflow, sent.event
    if not workflow.enabled:
        # a key of its own: the same event, sent again once the workflow is on, must still find its way
        off = replace(event, key=f"{event.key}/off/{uuid4()}")
        start_run_in(conn, workflow, off, sent.at, not_started="the workflow is switched off")
        return EventRefusal.WORKFLOW_OFF
    if used >= sent.runs_per_day:
        return EventRefusal.TOO_MANY
    if not trace_event_in(conn, workflow, event, sent.at):
        return EventTaken(EventEnd.CONDITIONS_FALSE, "", sent.fields)
    run, is_new = start_run_in(conn, workflow, event, sent.at)
    return EventTaken(EventEnd.QUEUED if is_new else EventEnd.DUPLICATE, run.id, sent.fields)


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
