"""Background work of distributions: contacts that turned out to be one person have one past."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.directory.models import CONTACTS_MERGED
from opulse.experience.distributions.flow.merging import take_past
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_contacts_merged(ports: Ports, job: Job) -> None:
    """What the others were asked counts as the survivor's, in frequency rules too."""
    await take_past(ports, job.tenant, job.payload["survivor"], job.payload["others"])


HANDLERS: Mapping[str, Handler] = {CONTACTS_MERGED: on_contacts_merged}
