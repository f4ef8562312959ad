"""What deliveries do when an activation opened or ended, when one is due, and when what was muted may be told."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.db import Priority
from opulse.jobs import Handler, Job
from opulse.jobs.table import complete
from opulse.monitoring.activations.flow.deciding import OPENED
from opulse.monitoring.activations.flow.ending import CLOSED
from opulse.monitoring.deliveries.flow.sending import send_delivery
from opulse.monitoring.deliveries.flow.telling import DUE, tell_end_in, tell_opening_in
from opulse.monitoring.silences.flow.muting import end_mute_in, list_waiting, mute_in, release_in
from opulse.monitoring.silences.models import Mute
from opulse.observe import get_logger
from opulse.observe.metrics import DECISIONS
from opulse.ports import Ports

MUTES_DUE = "mutes.release_due"
"""Job of the schedule, for all tenants."""

log = get_logger("deliveries")


async def on_activation_opened(ports: Ports, job: Job) -> None:
    """One delivery per recipient, unless the activation is muted."""
    now, activation = ports.clock.now(), job.payload["activation"]

    def unit(conn: Connection) -> Mute | None:
        mute = mute_in(conn, job.tenant, activation, now)
        if mute is None:
            tell_opening_in(conn, ports, job.tenant, activation, now)
        complete(conn, job)
        return mute

    mute = await ports.db.write_first(Priority.ACTIVATION, unit)
    if mute is not None:
        DECISIONS.labels("telling", mute.reason.value).inc()
        log.info("nobody is told", tenant=job.tenant, activation=activation, reason=mute.reason.value)


async def on_activation_closed(ports: Ports, job: Job) -> None:
    """The same for the recipients that want to hear of the end; not of what they were never told had begun."""
    now, activation = ports.clock.now(), job.payload["activation"]

    def unit(conn: Connection) -> None:
        if not end_mute_in(conn, job.tenant, activation, now):
            tell_end_in(conn, ports, job.tenant, activation, now)
        complete(conn, job)

    await ports.db.write_first(Priority.ACTIVATION, unit)


async def on_mutes_due(ports: Ports, job: Job) -> None:
    """Tell of what was muted and may be told now. A handful at any time; each in a unit of its own."""
    now = ports.clock.now()

    def release(conn: Connection, tenant: int, activation: str) -> None:
        if release_in(conn, tenant, activation, now):
            tell_opening_in(conn, ports, tenant, activation, now)

    for tenant, activation in await ports.db.read(list_waiting):
        await ports.db.write(release, tenant, activation)


async def on_delivery_due(ports: Ports, job: Job) -> None:
    """One attempt."""
    await send_delivery(ports, job, job.payload["delivery"])


HANDLERS: dict[str, Handler] = {
    OPENED: on_activation_opened,
    CLOSED: on_activation_closed,
    DUE: on_delivery_due,
    MUTES_DUE: on_mutes_due,
}
