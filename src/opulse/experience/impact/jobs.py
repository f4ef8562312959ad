"""Background work of impact: counting answers."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.impact.flow.counting import count_answers
from opulse.experience.responses import RESPONSE_RECORDED
from opulse.jobs import Handler, Job
from opulse.observe import faults
from opulse.ports import Ports


async def on_response_recorded(ports: Ports, job: Job) -> None:
    """Count whatever waits for the activation."""
    await count_answers(ports, job.tenant, job.payload["activation"], job)
    faults.point("answer.counted")


HANDLERS: Mapping[str, Handler] = {RESPONSE_RECORDED: on_response_recorded}
