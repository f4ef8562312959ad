"""Background work of responses: closing those that nobody went on with, and keeping the promise of anonymity."""

from __future__ import annotations

from opulse.experience.responses.flow.closing import close_unfinished, cut_anonymous
from opulse.experience.responses.flow.turning import forget_ways
from opulse.jobs import Handler, Job
from opulse.ports import Ports

UPKEEP_DUE = "responses.upkeep_due"
"""Job of the schedule, for all tenants."""


async def on_upkeep_due(ports: Ports, job: Job) -> None:
    """Once an hour."""
    await close_unfinished(ports)
    await cut_anonymous(ports)
    await forget_ways(ports)


HANDLERS: dict[str, Handler] = {UPKEEP_DUE: on_upkeep_due}
