"""What deliveries do when an activation opened or ended, and when one is due."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.db import Priority
from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.monitoring.activations.flow.deciding import OPENED
from opulse.monitoring.activations.flow.ending import CLOSED
from opulse.monitoring.deliveries.flow.sending import send_delivery
from opulse.monitoring.deliveries.flow.telling import DUE, tell_end_in, tell_opening_in
from opulse.ports import Ports


async def on_activation_opened(ports: Ports, job: Job) -> None:
    """One delivery per recipient."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        tell_opening_in(conn, ports, job.tenant, job.payload["activation"], now)
        complete(conn, job)

    await ports.db.write_first(Priority.ACTIVATION, unit)


async def on_activation_closed(ports: Ports, job: Job) -> None:
    """The same for the recipients that want to hear of the end."""
    now = ports.clock.now()

    def unit(conn: Connection) -> None:
        tell_end_in(conn, ports, job.tenant, job.payload["activation"], now)
        complete(conn, job)

    await ports.db.write_first(Priority.ACTIVATION, unit)


async def on_delivery_due(ports: Ports, job: Job) -> None:
    """One attempt."""
    await send_delivery(ports, job, job.payload["delivery"])


HANDLERS: dict[str, Handler] = {
    OPENED: on_activation_opened,
    CLOSED: on_activation_closed,
    DUE: on_delivery_due,
}
