"""Background work of distributions: reminders and thank-yous as their time comes; contacts that turned out to be one person."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.directory.models import CONTACTS_MERGED
from opulse.experience.distributions.flow.following import follow_up_due
from opulse.experience.distributions.flow.merging import take_past
from opulse.jobs import Handler, Job
from opulse.ports import Ports

FOLLOW_UPS_DUE = "follow_ups.due"


async def on_contacts_merged(ports: Ports, job: Job) -> None:
    """What the others were asked counts as the survivor's, in frequency rules too."""
    await take_past(ports, job.tenant, job.payload["survivor"], job.payload["others"])


async def on_follow_ups_due(ports: Ports, job: Job) -> None:
    """Give everybody whose reminder or thank-you is due their row; the sender does the rest."""
    await follow_up_due(ports)


HANDLERS: Mapping[str, Handler] = {CONTACTS_MERGED: on_contacts_merged, FOLLOW_UPS_DUE: on_follow_ups_due}
