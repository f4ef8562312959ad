"""What recipients do in the background: an old secret whose overlap is over is erased."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.monitoring.recipients.flow.rotating import OVERLAP_OVER, erase_old_secret_in
from opulse.ports import Ports


async def on_overlap_over(ports: Ports, job: Job) -> None:
    """The secret of before the rotation is forgotten."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        erase_old_secret_in(conn, job.tenant, job.payload["recipient"], now)
        complete(conn, job)

    await ports.db.write(unit)


HANDLERS: dict[str, Handler] = {OVERLAP_OVER: on_overlap_over}
