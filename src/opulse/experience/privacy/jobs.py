"""Background work: people are forgotten, and what is old."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.privacy.flow.erasing import carry_out
from opulse.experience.privacy.flow.retention import forget_by_age
from opulse.experience.privacy.models import ERASE, RETENTION_DUE
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_erase(ports: Ports, job: Job) -> None:
    """Take what is left of these people out."""
    await carry_out(ports, job.tenant, job.payload["erasure"])


async def on_retention_due(ports: Ports, job: Job) -> None:
    """Forget by age."""
    await forget_by_age(ports)


HANDLERS: Mapping[str, Handler] = {ERASE: on_erase, RETENTION_DUE: on_retention_due}
