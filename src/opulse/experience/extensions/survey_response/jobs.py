"""Take a response to every workflow that listens to its survey."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.extensions.survey_response.extension import ANSWERS, FREE_TEXT, PERSON
from opulse.experience.responses.flow.announcing import RESPONSE_CHANGED, TRIGGER
from opulse.experience.responses.models import NotedResponse, ResponseState
from opulse.experience.responses.views import find_noted
from opulse.experience.workflows import Event, Workflow, start_run_in, views
from opulse.experience.workflows.flow.contact_events import ContactEvent, take_contact_event_in
from opulse.experience.workflows.flow.traces import trace_event_in
from opulse.jobs import Handler, Job, JobRetry
from opulse.jobs.table import complete
from opulse.ports import Ports

FEW_SECONDS = 300.0
FEW_LONGEST = timedelta(days=1)


async def on_response_changed(ports: Ports, job: Job) -> None:
    """Evaluate, keep the trace, start the runs: all of it with the end of this job.

    Raises:
        JobRetry: an event about answers waits until enough people have answered; after a day it is dropped.
    """
    found = await ports.db.read(find_noted, job.tenant, job.payload["response"])
    few = found is None or found.recorded < ports.limits.cell
    listening = await ports.db.read(views.list_workflows, job.tenant, TRIGGER)
    about_answers = any(_listens(one, found, job) and _about(one) == ANSWERS for one in listening)
    now = ports.clock.now()
    again = about_answers and few and found is not None and now - found.at < FEW_LONGEST
    await ports.db.write(_take_in, job, found, not few, again, now)
    if again:
        raise JobRetry(FEW_SECONDS, "few have answered yet", counts=False)


def _take_in(
    conn: Connection, job: Job, found: NotedResponse | None, enough: bool, again: bool, now: datetime
) -> None:
    """Start what may start. Again after a retry it starts nothing twice: the event's key is the same."""
    if found is not None:
        folder = directory.list_directories_of(conn, job.tenant, [found.contact]).get(found.contact, "")
        for workflow in views.list_workflows(conn, job.tenant, TRIGGER):
            if _listens(workflow, found, job) and (enough or _about(workflow) == PERSON):
                _start_in(conn, workflow, f"response/{job.payload['event']}", folder, found, now)
    if not again:
        complete(conn, job)


def _listens(workflow: Workflow, found: NotedResponse | None, job: Job) -> bool:
    form = workflow.document.trigger.form
    return (
        found is not None
        and workflow.enabled
        and form.get("survey") == found.survey
        and _is_wanted(form, found.state, job)
    )


def _about(workflow: Workflow) -> str:
    return str(workflow.document.trigger.form.get("about") or PERSON)


def _is_wanted(form: Mapping[str, Any], state: str, job: Job) -> bool:
    if job.payload.get("imported") and form.get("include_imported") != "true":
        return False
    return state == ResponseState.RECORDED.value or (
        state == ResponseState.PARTIAL.value and form.get("include_incomplete") == "true"
    )


def _start_in(
    conn: Connection, workflow: Workflow, key: str, folder: str, found: NotedResponse, now: datetime
) -> None:
    """A run about the person, or about the answers: never one that has both, nor the id of the response."""
    fields: dict[str, Any] = {"surveyId": found.survey, "language": found.language, "state": found.state}
    if _about(workflow) == PERSON:
        if folder:
            event = ContactEvent(key, folder, [found.contact], fields, found.activation)
            take_contact_event_in(conn, workflow, event, now)
        return
    wanted = workflow.document.trigger.form.get("questions") or []
    fields |= {name: found.answers.get(name) for name in wanted if not str(name).endswith(FREE_TEXT)}
    plain = Event(key, {"envelope": fields, "fields": fields}, found.activation)
    if trace_event_in(conn, workflow, plain, now):
        start_run_in(conn, workflow, plain, now)


HANDLERS: Mapping[str, Handler] = {RESPONSE_CHANGED: on_response_changed}
