"""Background work of the Operational Pulse task: looking again while the activation is open, handing over to Qualtrics,
and reading what was answered there."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from opulse.experience.extensions.operational_pulse.extension import KEEPER
from opulse.experience.extensions.operational_pulse.flow.answers import read_answers
from opulse.experience.extensions.operational_pulse.flow.handing import hand_over, note_wrong
from opulse.experience.extensions.operational_pulse.flow.waves import follow
from opulse.experience.extensions.operational_pulse.models import ANSWERS_DUE, PEOPLE_HANDED, WAVE_DUE
from opulse.experience.extensions.operational_pulse.rules import (
    as_text_patch,
    qualtrics_target,
    sensor_names,
)
from opulse.experience.workflows import TaskState
from opulse.experience.workflows.flow.runs import context_of
from opulse.experience.workflows.views import list_task_runs
from opulse.jobs import Handler, Job, JobRetry
from opulse.ports import Ports


async def on_pulse_wave_due(ports: Ports, job: Job) -> None:
    """Ask who is affected now; the newcomers are the next wave.

    A task that was cut off before its end was written runs again and arranges the first look again: it must find it waiting.
    """
    if await ports.db.read(_has_not_ended, job):
        raise JobRetry(ports.limits.wave_seconds, "the task has not ended yet", counts=False)
    context = await context_of(ports, job.tenant, job.payload["run"], job.payload["task"])
    if context is not None:
        await follow(ports, KEEPER, context, job)


async def on_people_handed(ports: Ports, job: Job) -> None:
    """Bring a batch of people into the directory at Qualtrics; what is wrong for good is noted at the task."""
    context = await context_of(ports, job.tenant, job.payload["run"], job.payload["task"])
    if context is not None and (target := qualtrics_target(context.form)) is not None:
        patch = as_text_patch(sensor_names(context.form["sensor_names"]), context.started_at.isoformat())
        await note_wrong(ports, context, await hand_over(ports, context, target, job.payload["batch"], patch))


def _has_not_ended(conn: Connection, job: Job) -> bool:
    rows = list_task_runs(conn, job.tenant, job.payload["run"])
    return any(row.task == job.payload["task"] and row.state is TaskState.RUNNING for row in rows)


async def on_answers_due(ports: Ports, job: Job) -> None:
    """Look who has answered at Qualtrics, and what."""
    context = await context_of(ports, job.tenant, job.payload["run"], job.payload["task"])
    if context is not None:
        await read_answers(ports, context, job.payload["activation"])


HANDLERS: Mapping[str, Handler] = {
    WAVE_DUE: on_pulse_wave_due,
    PEOPLE_HANDED: on_people_handed,
    ANSWERS_DUE: on_answers_due,
}
