"""Background work of responses: closing those that nobody went on with."""

from __future__ import annotations

from opulse.experience.responses.flow.closing import close_unfinished
from opulse.jobs import Handler, Job
from opulse.ports import Ports

PARTIALS_DUE = "responses.partials_due"
"""Job of the schedule, for all tenants."""


async def on_partials_due(ports: Ports, job: Job) -> None:
    """Once an hour."""
    await close_unfinished(ports)


HANDLERS: dict[str, Handler] = {PARTIALS_DUE: on_partials_due}
