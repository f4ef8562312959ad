"""Take a changed subscription to every workflow that listens to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.directory.models import SUBSCRIPTION_CHANGED
from opulse.experience.workflows import views
from opulse.experience.workflows.flow.contact_events import ContactEvent, take_contact_event_in
from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.ports import Ports

TRIGGER = "subscription_change"


async def on_subscription_changed(ports: Ports, job: Job) -> None:
    """Evaluate, keep the traces, start the runs: all of it with the end of this job."""
    await ports.db.write(_take_in, job, ports.clock.now())


def _take_in(conn: Connection, job: Job, now: datetime) -> None:
    contact, list_id = job.payload["contact"], job.payload["list"]
    way = "in" if job.payload["subscribed"] else "out"
    folder = directory.list_directories_of(conn, job.tenant, [contact]).get(contact, "")
    for workflow in views.list_workflows(conn, job.tenant, TRIGGER):
        form = workflow.document.trigger.form
        wanted = form.get("directory") == folder and (form.get("list") or "") == list_id
        if workflow.enabled and wanted and way in (form.get("ways") or []):
            fields = {"subscribed": way == "in", "list": list_id}
            event = ContactEvent(f"subscription/{job.payload['event']}", folder, [contact], fields)
            take_contact_event_in(conn, workflow, event, now)
    complete(conn, job)


HANDLERS: Mapping[str, Handler] = {SUBSCRIPTION_CHANGED: on_subscription_changed}
