"""Background work of distributions: reminders and thank-yous, as their time comes."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.distributions.flow.following import follow_up_due
from opulse.jobs import Handler, Job
from opulse.ports import Ports

FOLLOW_UPS_DUE = "follow_ups.due"


async def on_follow_ups_due(ports: Ports, job: Job) -> None:
    """Give everybody whose reminder or thank-you is due their row; the sender does the rest."""
    await follow_up_due(ports)


HANDLERS: Mapping[str, Handler] = {FOLLOW_UPS_DUE: on_follow_ups_due}
