"""Background work of workflows."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.workflows.flow.runs import carry_out
from opulse.experience.workflows.models import RUN_STARTED
from opulse.jobs import Handler, Job
from opulse.ports import Ports


async def on_run_started(ports: Ports, job: Job) -> None:
    """Carry out the run's tasks."""
    await carry_out(ports, job.tenant, job.payload["run"])


HANDLERS: Mapping[str, Handler] = {RUN_STARTED: on_run_started}
