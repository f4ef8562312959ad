"""Take bounced mails to every workflow that listens to bounces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.distributions.flow.bouncing import MAIL_BOUNCED
from opulse.experience.distributions.views import list_bounced
from opulse.experience.workflows import views
from opulse.experience.workflows.flow.contact_events import ContactEvent, take_contact_event_in
from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.ports import Ports

TRIGGER = "bounce"


async def on_mail_bounced(ports: Ports, job: Job) -> None:
    """Evaluate, keep the traces, start the runs: all of it with the end of this job."""
    await ports.db.write(_take_in, job, ports.clock.now())


def _take_in(conn: Connection, job: Job, now: datetime) -> None:
    """One run per workflow and kind of refusal: a relay that refuses a thousand addresses in the same words is one event."""
    listening = [one for one in views.list_workflows(conn, job.tenant, TRIGGER) if one.enabled]
    bounced = list_bounced(conn, job.tenant, job.payload["invitations"]) if listening else []
    folders = directory.list_directories_of(conn, job.tenant, [one.contact for one in bounced])
    alike = attrgetter("relay_code", "relay_text", "activation")
    for number, ((code, text, activation), some) in enumerate(groupby(sorted(bounced, key=alike), key=alike)):
        contacts = sorted({one.contact for one in some})
        fields = {"bounceType": "hard", "bounceCode": code, "bounceReason": text}
        for workflow in listening:
            folder = str(workflow.document.trigger.form.get("directory"))
            own = [one for one in contacts if folders.get(one) == folder]
            if own:
                event = ContactEvent(
                    f"bounce/{job.payload['event']}/{number}", folder, own, fields, activation
                )
                take_contact_event_in(conn, workflow, event, now)
    complete(conn, job)


HANDLERS: Mapping[str, Handler] = {MAIL_BOUNCED: on_mail_bounced}
