"""What activations do when something upstream was announced."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.db import Priority
from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.monitoring.activations.flow.ending import end_outdated_in
from opulse.monitoring.notifications.flow import saving
from opulse.ports import Ports


async def on_notification_changed(ports: Ports, job: Job) -> None:
    """An edit or a deletion dismisses the open activation (systrack.md 3.4). The decider may have been faster."""
    revision = None if job.payload["cause"] == "deleted" else int(job.payload["revision"])
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        end_outdated_in(conn, job.tenant, job.payload["notification"], revision, now)
        complete(conn, job)

    await ports.db.write_first(Priority.ACTIVATION, unit)


HANDLERS: dict[str, Handler] = {saving.CHANGED: on_notification_changed}
