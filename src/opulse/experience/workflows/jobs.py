"""Background work of workflows."""

from __future__ import annotations

from collections.abc import Mapping

from opulse.experience.workflows.flow.carrying import RunWaits, carry_out
from opulse.experience.workflows.flow.notices import send_notice
from opulse.experience.workflows.flow.runs import give_up_late, seconds_going
from opulse.experience.workflows.models import NOTICE_DUE, RUN_STARTED
from opulse.jobs import Handler, Job, JobEnd, JobRetry
from opulse.ports import Ports

LONGEST_PAUSE = 300.0  # seconds


async def on_run_started(ports: Ports, job: Job) -> JobEnd | None:
    """Carry out the run's tasks; where one must wait for the other side, again later, with longer and longer pauses."""
    try:
        await carry_out(ports, job.tenant, job.payload["run"], job)
    except RunWaits:
        raise
    except JobRetry as again:
        run = str(job.payload["run"])
        if await give_up_late(ports, job.tenant, run, str(again), again.since):
            return None
        going = await seconds_going(ports, job.tenant, run, again.since)
        pause = max(again.seconds, min(going / 4, LONGEST_PAUSE))
        # not counted: a job has a dozen tries, and a workflow's window is a day
        raise JobRetry(pause, str(again), counts=False) from again
    return JobEnd.WRITTEN


async def on_notice_due(ports: Ports, job: Job) -> None:
    """Tell people by mail that something failed."""
    await send_notice(ports, job)


HANDLERS: Mapping[str, Handler] = {RUN_STARTED: on_run_started, NOTICE_DUE: on_notice_due}
