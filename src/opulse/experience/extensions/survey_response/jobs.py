"""Take a response to every workflow that listens to its survey."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.responses.flow.announcing import RESPONSE_CHANGED, TRIGGER
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import find_noted
from opulse.experience.workflows import Event, Workflow, start_run_in, views
from opulse.experience.workflows.flow.contact_events import ContactEvent, take_contact_event_in
from opulse.experience.workflows.flow.traces import trace_event_in
from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.ports import Ports


async def on_response_changed(ports: Ports, job: Job) -> None:
    """Evaluate, keep the trace, start the runs: all of it with the end of this job."""
    await ports.db.write(_take_in, job, ports.clock.now())


def _take_in(conn: Connection, job: Job, now: datetime) -> None:
    found = find_noted(conn, job.tenant, job.payload["response"])
    if found is not None:
        folder = directory.list_directories_of(conn, job.tenant, [found.contact]).get(found.contact, "")
        for workflow in views.list_workflows(conn, job.tenant, TRIGGER):
            form = workflow.document.trigger.form
            if workflow.enabled and form.get("survey") == found.survey and _is_wanted(form, found.state, job):
                key = f"response/{found.id}/{job.payload['revision']}"
                _start_in(conn, workflow, key, folder, found, now)
    complete(conn, job)


def _is_wanted(form: Mapping[str, Any], state: str, job: Job) -> bool:
    if job.payload.get("imported") and form.get("include_imported") != "true":
        return False
    return state == ResponseState.RECORDED.value or (
        state == ResponseState.IN_PROGRESS.value and form.get("include_incomplete") == "true"
    )


def _start_in(conn: Connection, workflow: Workflow, key: str, folder: str, found: Any, now: datetime) -> None:
    """A run about the person who answered; where the link is no individual one, about the answers alone."""
    fields = {
        **{name: found.answers.get(name) for name in workflow.document.trigger.form.get("questions") or []},
        "responseId": found.id,
        "surveyId": found.survey,
        "language": found.language,
        "state": found.state,
    }
    if folder:
        event = ContactEvent(key, folder, [found.contact], fields, found.activation)
        take_contact_event_in(conn, workflow, event, now)
        return
    plain = Event(key, {"envelope": fields, "fields": fields}, found.activation)
    if trace_event_in(conn, workflow, plain, now):
        start_run_in(conn, workflow, plain, now)


HANDLERS: Mapping[str, Handler] = {RESPONSE_CHANGED: on_response_changed}
