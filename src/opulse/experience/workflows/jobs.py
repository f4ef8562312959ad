"""Background work of workflows."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.workflows.flow.carrying import RunWaits, carry_out
from opulse.experience.workflows.flow.notices import send_notice
from opulse.experience.workflows.flow.runs import give_up_late
from opulse.experience.workflows.models import NOTICE_DUE, RUN_STARTED
from opulse.jobs import Handler, Job, JobEnd, JobRetry
from opulse.ports import Ports

LONGEST_PAUSE = 300  # seconds


async def on_run_started(ports: Ports, job: Job) -> JobEnd | None:
    """Carry out the run's tasks; where one must wait for the other side, again later, with longer and longer pauses."""
    try:
        await carry_out(ports, job.tenant, job.payload["run"], job)
    except RunWaits:
        raise
    except JobRetry as again:
        if await give_up_late(ports, job.tenant, job.payload["run"], str(again)):
            return None
        pause = max(again.seconds, float(min(2 ** min(job.attempt, 9), LONGEST_PAUSE)))
        raise JobRetry(pause if job.attempt > 3 else again.seconds, str(again)) from again
    return JobEnd.WRITTEN


async def on_notice_due(ports: Ports, job: Job) -> None:
    """Tell people by mail that something failed."""
    await send_notice(ports, job)


HANDLERS: Mapping[str, Handler] = {RUN_STARTED: on_run_started, NOTICE_DUE: on_notice_due}
