"""Background work of the Operational Pulse task: looking again while the activation is open."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.extensions.operational_pulse.extension import KEEPER
from opulse.experience.extensions.operational_pulse.flow.waves import follow
from opulse.experience.extensions.operational_pulse.models import WAVE_DUE
from opulse.experience.workflows.flow.runs import context_of
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_pulse_wave_due(ports: Ports, job: Job) -> None:
    """Ask who is affected now; the newcomers are the next wave."""
    context = await context_of(ports, job.tenant, job.payload["run"], job.payload["task"])
    if context is not None:
        await follow(ports, KEEPER, context, job)


HANDLERS: Mapping[str, Handler] = {WAVE_DUE: on_pulse_wave_due}
